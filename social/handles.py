"""Cleaning handles from Salesforce, so that they are safe in a query to X."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

SHAPE = re.compile(r"[a-z0-9_]{1,15}")  # X: 1 to 15 of letters, digits and underscore
HOSTS = re.compile(r"(?:(?:www|mobile|m)\.)?(?:twitter|x)\.com")
# Paths of X's own pages, which are not handles.
RESERVED_PATHS = frozenset(
    (
        *("compose", "explore", "hashtag", "home", "i", "intent", "login", "messages"),
        *("notifications", "search", "settings", "share", "signup", "tos", "privacy"),
    )
)
_LINK = re.compile(r"(?:https?:)?//|(?:[\w-]+\.)+[a-z]{2,}(?:/|$)", re.IGNORECASE)
_SHOWN = 40  # characters of a refused handle that a reason quotes

QUERY = "({}) -is:retweet"
QUERY_TERM = "from:{}"
OR = " OR "


class BadHandle(ValueError):
    """Not a valid handle; the text is the reason, for staff."""


def clean(raw: str) -> str:
    """Return a handle in lower case without decoration: "https://x.com/Acme/" is "acme".

    Raises BadHandle for anything else, so that a handle cannot change the query.
    """
    text = _trimmed(raw)
    if _LINK.match(text):
        text = _from_link(text)
    handle = text.removeprefix("@").lower()
    if not SHAPE.fullmatch(handle):
        raise BadHandle(_why(handle))
    return handle


def batches(names: Iterable[str], longest: int) -> Iterator[list[str]]:
    """Yield the names in batches whose query() has at most `longest` characters."""
    room = longest - len(QUERY.format(""))
    batch: list[str] = []
    used = 0
    for name in names:
        size = len(QUERY_TERM.format(name)) + (len(OR) if batch else 0)
        if batch and used + size > room:
            yield batch
            batch, used, size = [], 0, len(QUERY_TERM.format(name))
        batch.append(name)
        used += size
    if batch:
        yield batch


def query(names: Iterable[str]) -> str:
    """Return the query for the posts of these handles, without retweets."""
    return QUERY.format(OR.join(QUERY_TERM.format(name) for name in names))


def _trimmed(raw: str) -> str:
    """Remove spaces and invisible characters from both ends; they come with pasted text."""
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
    # Old links are twitter.com/#!/acme, with the handle in the fragment.
    path = parts.path if parts.path.strip("/") else parts.fragment.removeprefix("!")
    first = path.strip("/").partition("/")[0]
    if first.lower() in RESERVED_PATHS or not first:
        raise BadHandle("a link to X, but not to a profile")
    return first


def _why(handle: str) -> str:
    if not handle:
        return "empty"
    if len(re.findall(r"@?\w+", handle)) > 1 and re.search(r"[\s,;/]", handle):
        return "more than one word: a field holds one handle"
    if len(handle) > 15 and SHAPE.fullmatch(handle[:15]) and handle.replace("_", "").isalnum():
        return f"longer than 15 characters: {_quoted(handle)}"
    return f"only letters, digits and underscores are allowed: {_quoted(handle)}"


def _quoted(handle: str) -> str:
    shown = "".join(char if char.isprintable() else "·" for char in handle)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
