"""Reading a peer's JSON without trusting its shape."""

from collections.abc import Callable
from typing import Any


class Document:
    """A JSON object of an answer. A key that is missing or of a wrong type is the peer's error.

    `without` makes the exception to raise from the name of what is missing.
    """

    def __init__(self, value: Any, without: Callable[[str], Exception], path: str = "") -> None:
        if not isinstance(value, dict):
            raise without(path or "an object")
        self.raw: dict[str, Any] = value
        self._without = without
        self._path = path

    def text(self, key: str) -> str:
        """A text that must be there; numbers are taken as their digits (ids were integers once)."""
        value = self.text_or_blank(key)
        if not value:
            raise self._without(self._name(key))
        return value

    def text_or_blank(self, key: str) -> str:
        """A text, or "" where it is absent, null or no text."""
        value = self.raw.get(key)
        if isinstance(value, str):
            return value
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""

    def number(self, key: str) -> int:
        """A whole number that must be there."""
        value = self.number_or_none(key)
        if value is None:
            raise self._without(self._name(key))
        return value

    def number_or_none(self, key: str) -> int | None:
        """A whole number, or None where it is absent, null or no number."""
        value = self.raw.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def child(self, key: str) -> "Document":
        """An object that must be there."""
        return Document(self.raw.get(key), self._without, self._name(key))

    def child_or_empty(self, key: str) -> "Document":
        """An object, or an empty one where it is absent or null."""
        value = self.raw.get(key)
        return Document(value if isinstance(value, dict) else {}, self._without, self._name(key))

    def children(self, key: str) -> list["Document"]:
        """A list of objects that must be there (it may be empty)."""
        value = self.raw.get(key)
        if not isinstance(value, list):
            raise self._without(self._name(key))
        return [Document(each, self._without, self._name(key)) for each in value]

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key
