"""Reading a long list from a JSON document, one element at a time, in memory for one element."""

from collections.abc import Iterator
from typing import IO, Any

import ijson

from tenants.json_depth import MAX_DEPTH

CHUNK = 64 * 1024  # bytes
_STARTS = frozenset({"start_map", "start_array"})
_ENDS = frozenset({"end_map", "end_array"})
_Events = Iterator[tuple[str, Any]]


class BadStream(ValueError):
    """Not a JSON object, incomplete, without the list, or beyond the limits."""


def elements(file: IO[bytes], key: str) -> Iterator[Any]:
    """Yield the elements of the list under `key` of the object in `file`. Raises BadStream.

    Integers beyond 64 bits and numbers beyond a float are refused.
    """
    file.seek(0)
    # use_float is needed: without it yajl's Python binding crashes on a very long integer.
    events = ijson.basic_parse(file, buf_size=CHUNK, use_float=True)
    try:
        yield from _elements(_limited(events), key)
    except ijson.JSONError as error:
        raise BadStream(f"broken JSON: {_first_line(error)}") from error


def _limited(events: _Events) -> _Events:
    depth = 0
    for event, value in events:
        if event in _STARTS:
            depth += 1
        elif event in _ENDS:
            depth -= 1
        if depth > MAX_DEPTH:
            raise BadStream(f"JSON of more than {MAX_DEPTH} levels")
        yield event, value


def _elements(events: _Events, key: str) -> Iterator[Any]:
    if next(events)[0] != "start_map":
        raise BadStream("JSON that is not an object")
    for event, name in events:
        if event != "map_key":
            break
        first = next(events)
        if name == key and first[0] == "start_array":
            while (start := next(events))[0] != "end_array":
                yield _value(start, events)
            return
        _value(first, events)
    raise BadStream(f"a document without the list {key!r}")


def _value(first: tuple[str, Any], events: _Events) -> Any:
    """Build the value that begins with the event `first`."""
    builder = ijson.ObjectBuilder()
    builder.event(*first)
    depth = int(first[0] in _STARTS)
    while depth:
        event, value = next(events)
        depth += (event in _STARTS) - (event in _ENDS)
        builder.event(event, value)
    return builder.value


def _first_line(error: ijson.JSONError) -> str:
    # The lines after the first quote the document.
    text = error.args[0] if error.args else ""
    line = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return line.partition("\n")[0]
