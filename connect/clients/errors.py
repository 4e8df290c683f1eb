"""What can go wrong with an outside system, sorted by what the caller has to do about it.

Callers import these names from connect.clients.http.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from tenants.redaction import redact

LONGEST_MESSAGE = 500  # characters
RATE_LIMIT_PAUSE = timedelta(seconds=30)  # Heroku tells no reset time; its Go client waits 30 s too
LONGEST_PAUSE = timedelta(hours=24)  # a Retry-After beyond that is taken for a mistake


class RemoteError(Exception):
    """An outside system did not do what it was asked.

    `message` holds the peer's own words (at most 500 characters, secrets hidden), or ours where
    there were none; `status` is None when no answer came; `code` is the peer's machine word, as
    "invalid_params"; `document` is the answer's body where that was JSON.
    """

    document: Any = None

    def __init__(
        self, system: str, status: int | None, message: str, request_id: str = "", code: str = ""
    ) -> None:
        self.system = system
        self.status = status
        self.message = readable(message)
        self.request_id = request_id
        self.code = code
        super().__init__(system, status, self.message)

    @property
    def words(self) -> str:
        """Who said what, without the request id: the same for the same fault."""
        answered = f"{self.system} answered {self.status}" if self.status else self.system
        return f"{answered}: {self.message}" if self.message else answered

    def __str__(self) -> str:
        return f"{self.words} (request {self.request_id})" if self.request_id else self.words


class Retryable(RemoteError):
    """Worth trying again, not before `after` where the peer said so."""

    def __init__(
        self,
        system: str,
        status: int | None,
        message: str,
        request_id: str = "",
        code: str = "",
        after: timedelta | None = None,
    ) -> None:
        super().__init__(system, status, message, request_id, code)
        self.after = after


class Uncertain(Retryable):
    """The call may have worked: look first, then decide whether to repeat it."""


class Permanent(RemoteError):
    """The same call would fail again; somebody has to change something."""


class NotFound(Permanent):
    """404 or 410. Heroku also answers 404 for what the token may not see."""


class Taken(Permanent):
    """The name is already used, by us or by somebody else: look."""


class ConfirmationRequired(Permanent):
    """Heroku wants the app's name repeated in `confirm` (423)."""


class Conflict(Permanent):
    """Not allowed in the state that the thing is in now (409)."""


class Unauthorized(RemoteError):
    """The token is wrong, expired or revoked (401): no call will work until it is replaced."""


def readable(text: str) -> str:
    """Return `text` on one line, secrets hidden, cut to 500 characters."""
    line = redact(re.sub(r"\s+", " ", text)).strip()
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


class Words(NamedTuple):
    """What an error body says to people and to machines; "" where it says nothing."""

    message: str
    code: str


def kind_of(status: int, words: Words, *, safe: bool) -> type[RemoteError]:
    """Say what a status from 400 up means for the caller; a `safe` call changes nothing."""
    if status == 422 and _TAKEN.search(words.message):
        return Taken
    if status in _KINDS:
        return _KINDS[status]
    if status >= 500 or status == 408:
        return Retryable if safe else Uncertain
    return Permanent


_TAKEN = re.compile(r"\balready (taken|in use|exists)\b|\bbeen taken\b", re.IGNORECASE)
_KINDS: dict[int, type[RemoteError]] = {
    401: Unauthorized,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    423: ConfirmationRequired,
    425: Retryable,
    429: Retryable,
}


def words_of(document: Any) -> Words:
    """Find the words in an error body, whichever peer's it is.

    Heroku: {"id", "message"}; Heroku Connect: {"message"} or {"error"}; Salesforce REST: a list of
    {"message", "errorCode"}; Salesforce OAuth: {"error", "error_description"}; X: a problem
    {"type", "title", "detail"}, whose `errors`, a list of {"message"}, say more.
    """
    if isinstance(document, list):
        document = document[0] if document else None
    if not isinstance(document, Mapping):
        return Words(document if isinstance(document, str) else "", "")
    message = _first(document, "message", "error_description", "error") or _of_problem(document)
    return Words(message, _first(document, "id", "errorCode", "error", "type"))


def _of_problem(document: Mapping[str, Any]) -> str:
    listed = document.get("errors")
    if isinstance(listed, list) and listed and isinstance(listed[0], Mapping):
        message = _first(listed[0], "message")
        if message:
            return message
    return _first(document, "detail", "title")


def _first(document: Mapping[str, Any], *keys: str) -> str:
    values = (document.get(key) for key in keys)
    return next((value for value in values if isinstance(value, str) and value), "")


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Read a Retry-After header: seconds or an HTTP date. None if absent or unreadable.

    Never negative, never more than a day.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**6)), LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:  # "-0000": RFC 5322 says it is UTC all the same
        at = at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta()), LONGEST_PAUSE)
