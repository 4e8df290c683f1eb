"""Handles as people type them into Salesforce, made safe to stand in a query to X."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

SHAPE = re.compile(r"[a-z0-9_]{1,15}")  # X: 1 to 15 of letters, digits and underscore
HOSTS = re.compile(r"(?:(?:www|mobile|m)\.)?(?:twitter|x)\.com")
# First parts of X's own addresses, which are nobody's handle.
NOT_PEOPLE = frozenset(
    (
        *("compose", "explore", "hashtag", "home", "i", "intent", "login", "messages"),
        *("notifications", "search", "settings", "share", "signup", "tos", "privacy"),
    )
)
_LINK = re.compile(r"(?:https?:)?//|(?:[\w-]+\.)+[a-z]{2,}(?:/|$)", re.IGNORECASE)
_SHOWN = 40  # characters of a refused handle that a reason quotes

FRAME = "({}) -is:retweet"
TERM = "from:{}"
OR = " OR "


class BadHandle(ValueError):
    """Not a handle; the text says why, in words that staff can pass on."""


def clean(raw: str) -> str:
    """Return a handle in lower case without decoration: "https://x.com/Acme/" is "acme".

    Raises BadHandle for what X would not allow: the rest of a query must be ours alone.
    """
    text = _trimmed(raw)
    if _LINK.match(text):
        text = _from_link(text)
    handle = text.removeprefix("@").lower()
    if not SHAPE.fullmatch(handle):
        raise BadHandle(_why(handle))
    return handle


def pack(names: Iterable[str], longest: int) -> Iterator[list[str]]:
    """Yield the names in batches whose query() has at most `longest` characters."""
    room = longest - len(FRAME.format(""))
    batch: list[str] = []
    used = 0
    for name in names:
        size = len(TERM.format(name)) + (len(OR) if batch else 0)
        if batch and used + size > room:
            yield batch
            batch, used, size = [], 0, len(TERM.format(name))
        batch.append(name)
        used += size
    if batch:
        yield batch


def query(names: Iterable[str]) -> str:
    """Return the query for the own posts, no retweets, of clean handles."""
    return FRAME.format(OR.join(TERM.format(name) for name in names))


def _trimmed(raw: str) -> str:
    """Cut blanks and invisible marks off both ends: they come along when people paste."""
    start, end = 0, len(raw)
    while start < end and _invisible(raw[start]):
        start += 1
    while end > start and _invisible(raw[end - 1]):
        end -= 1
    return raw[start:end]


def _invisible(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cf", "Cc")


def _from_link(text: str) -> str:
    address = text if "//" in text else f"//{text}"
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        raise BadHandle("not a readable link") from None
    if not HOSTS.fullmatch(host):
        raise BadHandle(f"a link to {host[:_SHOWN] or 'nowhere'}, not to X")
    path = parts.path if parts.path.strip("/") else parts.fragment.removeprefix("!")
    first = path.strip("/").partition("/")[0]
    if first.lower() in NOT_PEOPLE or not first:
        raise BadHandle("a link to X, but to nobody's profile")
    return first


def _why(handle: str) -> str:
    if not handle:
        return "empty"
    if len(re.findall(r"@?\w+", handle)) > 1 and re.search(r"[\s,;/]", handle):
        return "more than one word: a field holds one handle"
    if len(handle) > 15 and SHAPE.fullmatch(handle[:15]) and handle.replace("_", "").isalnum():
        return f"longer than 15 characters: {_quoted(handle)}"
    return f"not of letters, digits and underscores alone: {_quoted(handle)}"


def _quoted(handle: str) -> str:
    shown = "".join(char if char.isprintable() else "·" for char in handle)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
