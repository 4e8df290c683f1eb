"""Entities as JSON documents, and back."""

import dataclasses
import types
import typing
from datetime import datetime
from typing import Any, TypeVar

from emulator.times import iso

T = TypeVar("T")


def to_document(entity: Any) -> dict[str, Any]:
    """Write a flat dataclass as JSON; moments become ISO text."""
    document = {}
    for each in dataclasses.fields(entity):
        value = getattr(entity, each.name)
        document[each.name] = iso(value) if isinstance(value, datetime) else value
    return document


def from_document(kind: type[T], document: dict[str, Any]) -> T:
    """Read to_document()'s JSON; keys that the class no longer has are left out."""
    values = {}
    for name, hint in typing.get_type_hints(kind).items():
        if name in document:
            values[name] = _value(hint, document[name])
    return kind(**values)


def _value(hint: Any, value: Any) -> Any:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if datetime in options and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value
