"""Typed access to a peer's JSON; the structure is checked."""

from collections.abc import Callable
from typing import Any

from tenants.http.cleaning import MAX_COUNT, MAX_TEXT


class JsonObject:
    """A JSON object from a peer. A missing key or a wrong type is the peer's error.

    `longest` is the length of the column for a text, in characters. Words for people are cut to it;
    an `identifier` that is longer is an error, since half of one would name something else.
    `missing` creates the exception to raise, from the name of the missing value.
    """

    def __init__(self, value: Any, missing: Callable[[str], Exception], path: str = "") -> None:
        if not isinstance(value, dict):
            raise missing(path or "an object")
        self.raw: dict[str, Any] = value
        self._missing = missing
        self._path = path

    def string(self, key: str, longest: int = MAX_TEXT) -> str:
        """A required string. A number is converted, because ids used to be integers."""
        value = self.string_or_blank(key, longest)
        if not value:
            raise self._missing(self._name(key))
        return value

    def string_or_blank(self, key: str, longest: int = MAX_TEXT) -> str:
        """A string, or "" if it is absent, null or not a string."""
        value = self.raw.get(key)
        if isinstance(value, str):
            return value[:longest]
        number = self.integer_or_none(key)
        return "" if number is None else str(number)[:longest]

    def identifier(self, key: str, longest: int = 60) -> str:
        """A required string that names something at the peer, e.g. in an address."""
        value = self.identifier_or_blank(key, longest)
        if not value:
            raise self._missing(self._name(key))
        return value

    def identifier_or_blank(self, key: str, longest: int) -> str:
        """A string that must not be cut, or "" if it is absent."""
        value = self.string_or_blank(key)
        # Two dots in an address name the parent folder.
        if len(value) > longest or value in (".", ".."):
            raise self._missing(f"a usable {self._name(key)}")
        return value

    def integer_or_none(self, key: str) -> int | None:
        """An integer, or None if it is absent, null, too large or not an integer."""
        value = self.raw.get(key)
        # In Python True is an int too.
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        return value if abs(value) <= MAX_COUNT else None

    def object_or_empty(self, key: str) -> "JsonObject":
        """An object, or an empty one if it is absent or null."""
        value = self.raw.get(key)
        return JsonObject(value if isinstance(value, dict) else {}, self._missing, self._name(key))

    def objects(self, key: str) -> list["JsonObject"]:
        """A required list of objects; it may be empty."""
        value = self.raw.get(key)
        if not isinstance(value, list):
            raise self._missing(self._name(key))
        return [JsonObject(each, self._missing, self._name(key)) for each in value]

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key
