"""Requests that nobody means well with, for Hypothesis."""

import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

REQUESTS = 10  # in one example: 1,000 examples make 10,000 requests
METHODS = [*("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"), "TRACE", "CONNECT", "X"]
# Each has broken some framework: NUL, lone surrogates, directions, formats, SQL, numbers, dates.
ODD = [
    *("", "\0", "%00", "\ud800", "\u202e", "'", '"', "{}", "[]", "null", "%s", "{0}", "../.."),
    *("-1", "0", "1e309", "NaN", "9" * 25, "9" * 5000, "9223372036854775808", "1.5", "true"),
    *("0000-00-00", "9999-12-31", "10000-01-01", "2026-02-30", "24:61", "1970-01-01T00:00:00Z"),
    *("a" * 5000, "<script>alert(1)</script>", "{{ 7*7 }}", "' OR 1=1 --", "_trigger_log:1"),
    *("\r\nX: y", "None", "é", "🚀"),
]
HEADERS = [
    *("Content-Type", "Content-Encoding", "Host", "Origin", "Referer", "Cookie"),
    *("Authorization", "Accept", "Accept-Language", "Accept-Encoding", "Range", "If-None-Match"),
    *("If-Modified-Since", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"),
    *("X-Request-Id", "X-Multiconnect-Timestamp", "X-Multiconnect-Signature", "X-CSRFToken"),
    *("X-HTTP-Method-Override", "Transfer-Encoding", "Upgrade", "Expect"),
]
CONTENT_TYPES = [
    *("application/json", "application/x-www-form-urlencoded", "multipart/form-data"),
    *("multipart/form-data; boundary=x", "multipart/form-data; boundary=", "", "x", "/"),
    *("application/json; charset=utf-16", "text/plain; charset=x", "application/xml"),
]

odd = st.sampled_from(ODD) | st.text(max_size=30)
# What a server hands over: Latin-1, and none of the characters for which it refuses the request.
_IN_A_HEADER = st.characters(max_codepoint=255, exclude_characters="\0\r\n")
header_values = st.text(_IN_A_HEADER, max_size=50) | st.sampled_from(
    [each for each in ODD if each.isascii() and not set(each) & set("\0\r\n")]
)
headers = st.dictionaries(st.sampled_from(HEADERS), header_values, max_size=4)


@dataclass(frozen=True)
class Hostile:
    """One request. `query` and `form` are pairs; `body` is sent where there is no form."""

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, client: Client) -> Any:
        """Send it and return the answer, also of an error that nobody caught."""
        meta = {f"HTTP_{name.upper().replace('-', '_')}": v for name, v in self.headers.items()}
        # It has a name of its own in WSGI. The length is not varied: the server checks it.
        kind = meta.pop("HTTP_CONTENT_TYPE", self.content_type)
        query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in self.query)
        extra: dict[str, Any] = {**meta, "QUERY_STRING": query}
        return client.generic(self.method, self.path, self.body, kind, **extra)


def _quoted(text: str) -> str:
    plain = set(string.ascii_letters + string.digits + "_-.")
    encoded = text.encode("utf-8", "surrogatepass")
    return "".join(chr(b) if chr(b) in plain else f"%{b:02x}" for b in encoded)


def form(pairs: list[tuple[str, str]]) -> bytes:
    """Return pairs as the body of a form."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs).encode()


def faults(request: Hostile, answer: Any) -> list[str]:
    """Return what is wrong with an answer: its status, or a stack trace in it."""
    body = answer.content.decode("utf-8", "replace") if not answer.streaming else ""
    found = []
    if answer.status_code >= 500:
        why = answer.exc_info[1] if answer.exc_info else body[:300]
        found.append(f"{answer.status_code} {why!r}")
    if "Traceback (most recent call last)" in body or 'File "/' in body:
        found.append("a stack trace")
    return [f"{each} for {request}" for each in found]


Line = dict[str, Any]


def examples(number: int) -> settings:
    """Return how many examples are tried, each of several requests.

    A failure is not made smaller: each try costs many requests, and the report names the one.
    """
    return settings(
        max_examples=number,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )


@pytest.fixture
def line(record_property: Callable[[str, object], None]) -> Line:
    """The line of a test in the report of `make chaos`."""
    line = {"part": "hostile requests", "promise": "no 500, no stack trace, nothing gained"}
    record_property("chaos", [line])
    return line


@contextmanager
def counted(line: Line, whose: str) -> Iterator[None]:
    """Count an example in the report. After one that fails, no other follows."""
    number = line.get("requests", 0) + REQUESTS
    line |= {"requests": number, "found": f"{number:,} requests of {whose}", "holds": False}
    with undone():
        yield
    line["holds"] = True


@contextmanager
def undone() -> Iterator[None]:
    """Undo what an example wrote, so that the next one finds the same rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
