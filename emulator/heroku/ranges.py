"""Lists in pages, by the Range header."""

import re
from typing import Any, NamedTuple

from werkzeug.wrappers import Response

from emulator.heroku.system import error
from emulator.web.answers import answer, refuse
from emulator.web.call import Call

DEFAULT_PAGE, MAX_PAGE = 200, 1000
# For example `id ]<after>..<last>; order=desc, max=200`; `]` leaves the first one out. Clients that
# others wrote separate the options by `;` as well, and send empty ones.
RANGE = re.compile(
    r"(?P<key>\w+) (?P<after>\]?)(?P<first>[^.;]*)\.\.(?P<last>[^;]*)(?P<options>;.*)?"
)
OPTION = re.compile(r"max=(?P<max>[1-9]\d*)|order=(?P<order>asc|desc)")


class Range(NamedTuple):
    """What a client asks for: the rows from `first` to `last`, in the order of their `key`."""

    key: str = "id"
    after: str = ""
    first: str = ""
    last: str = ""
    size: int = DEFAULT_PAGE
    descending: bool = False


def ranged(call: Call, rows: list[dict[str, Any]]) -> Response:
    """Answer a list, cut as the Range header asks."""
    wanted = _read(call.request.headers.get("Range"))
    if wanted is None or any(wanted.key not in row for row in rows):
        refuse(error(416, "requested_range_not_satisfiable", "Invalid `Range` header."))
    rows = _within(wanted, rows)
    page = rows[: wanted.size]
    if len(page) == len(rows):
        return answer(page)
    return answer(page, 206, {"Next-Range": _next(wanted, page[-1])})


def _read(header: str | None) -> Range | None:
    """Read the header; None when it makes no sense."""
    if not header:
        return Range()
    match = RANGE.fullmatch(header.strip())
    if match is None:
        return None
    size, descending = DEFAULT_PAGE, False
    for given in filter(None, re.split(r"[;,\s]+", match["options"] or "")):
        option = OPTION.fullmatch(given)
        if option is None:
            return None
        size = min(int(option["max"] or size), MAX_PAGE)
        descending = option["order"] == "desc" or descending
    return Range(match["key"], match["after"], match["first"], match["last"], size, descending)


def _within(wanted: Range, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort the rows, and leave out those before the range and behind it."""
    low, high = _rank(wanted.first), _rank(wanted.last)
    if wanted.descending:
        low, high = high, low
    kept = [row for row in rows if _inside(_rank(row[wanted.key]), low, high)]
    if wanted.after:
        kept = [row for row in kept if _rank(row[wanted.key]) != _rank(wanted.first)]
    return sorted(kept, key=lambda row: _rank(row[wanted.key]), reverse=wanted.descending)


def _inside(rank: tuple[int, str], low: tuple[int, str], high: tuple[int, str]) -> bool:
    return (not low[1] or low <= rank) and (not high[1] or rank <= high)


def _rank(value: Any) -> tuple[int, str]:
    """Where a value stands; numbers in the order of their size."""
    text = str(value)
    return (int(text), text) if text.isdecimal() else (0, text)


def _next(wanted: Range, last: dict[str, Any]) -> str:
    order = ", order=desc" if wanted.descending else ""
    return f"{wanted.key} ]{last[wanted.key]}..{wanted.last}; max={wanted.size}{order}"
