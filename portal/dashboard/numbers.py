"""The numbers of the whole fleet. With very many tenants, to count takes longer than all the rest.

Then a press does not have them counted again: it is seen at once in the rows, and in the numbers
after the period of a snapshot. The cards say when they were counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MANY = 5_000  # current tenants; up to so many are counted again after each press


@dataclass(frozen=True)
class Numbers:
    """What cards have counted at a time, by the names of the cards."""

    at: datetime
    counted: dict[str, Any]


def of(read: Iterable[tuple[str, dict[str, Any]]], tenants: int, at: datetime) -> Numbers | None:
    """Return the numbers of cards that were read; None for a fleet that is counted quickly."""
    if tenants <= MANY:
        return None
    return Numbers(at, {name: found["counted"] for name, found in read})
