"""Spans around work. Nothing is measured unless a floor above has said by what: see `use`.

A span has facts that are not secret: no address with a query, no header, no body.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum

Fact = str | int
Facts = Mapping[str, Fact]
Note = Callable[[str, Fact], object]


class SpanKind(StrEnum):
    """The kinds of OpenTelemetry."""

    SERVER = "SERVER"  # a request that is answered
    CLIENT = "CLIENT"  # a call to a peer
    CONSUMER = "CONSUMER"  # a task from the queue


NAME = "name"  # noted as a fact, it is the span's name from then on
Begin = Callable[[SpanKind, str, Facts], AbstractContextManager[Note]]


def _ignore(name: str, value: Fact) -> None:
    """Note nothing."""


class _Used:
    begin: Begin | None = None


def use(begin: Begin | None) -> None:
    """Have all further spans made by this function; None: by nobody."""
    _Used.begin = begin


def span(kind: SpanKind, name: str, facts: Facts) -> AbstractContextManager[Note]:
    """Measure a block; it is given a function that notes further facts of it."""
    return _Used.begin(kind, name, facts) if _Used.begin else nullcontext(_ignore)
