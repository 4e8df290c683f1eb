"""Reading a long list out of a JSON document, one element at a time, in memory for one element."""

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any

CHUNK = 64 * 1024  # bytes
_BLANKS = " \t\r\n"


class BadStream(ValueError):
    """Not a JSON object, cut off, or without the list."""


def elements(file: IO[bytes], key: str) -> Iterator[Any]:
    """Yield the elements of the list under `key` of the object in `file`. Raises BadStream."""
    file.seek(0)
    reader = _Reader(file)
    reader.expect("{")
    while reader.peek() != "}":
        name = reader.value()
        reader.expect(":")
        if name == key and reader.peek() == "[":
            yield from _list(reader)
            return
        reader.value()
        if reader.peek() == ",":
            reader.expect(",")
    raise BadStream(f"a document without the list {key!r}")


def _list(reader: "_Reader") -> Iterator[Any]:
    reader.expect("[")
    while reader.peek() != "]":
        yield reader.value()
        if reader.peek() != "]":
            reader.expect(",")


class _Reader:
    """A window on the text, just long enough for the next value."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """Return the next character that is no blank."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANKS:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            self._more()

    def expect(self, mark: str) -> None:
        """Go past `mark`."""
        if self.peek() != mark:
            raise BadStream(f"{self.peek()!r} where {mark!r} was due")
        self._at += 1

    def value(self) -> Any:
        """Return the next value and go past it."""
        self.peek()
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
            except ValueError:
                self._more()
                continue
            # A number that ends with the window may go on behind it.
            if end < len(self._text) or self._ended:
                self._at = end
                return found
            self._more()

    def _more(self) -> None:
        if self._ended:
            raise BadStream("a document that is cut off or broken")
        chunk = self._file.read(CHUNK)
        self._ended = not chunk
        self._text = self._text[self._at :] + self._decode(chunk, self._ended)
        self._at = 0
