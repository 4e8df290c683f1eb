"""Errors of outside systems, by what the caller has to do.

The clients of connect import these names from connect.clients.http.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from tenants.http.cleaning import clean_text
from tenants.redaction import redact

MAX_MESSAGE_LENGTH = 500
RATE_LIMIT_PAUSE = timedelta(seconds=30)  # Heroku gives no reset time; its Go client waits 30 s too
MAX_RETRY_AFTER = timedelta(hours=24)  # a longer Retry-After is treated as a mistake
# Heroku has no code of its own for a name in use: only the message of a 422 tells.
_NAME_IN_USE = re.compile(r"\balready (taken|in use|exists)\b|\bbeen taken\b", re.IGNORECASE)


class RemoteError(Exception):
    """A call to an outside system failed.

    `message` is the peer's error text (at most 500 characters, secrets hidden), or ours if it sent
    none. `status` is None if there was no answer. `code` is the peer's error code, for example
    "invalid_params". `document` is the answer's body, if it was JSON. `unreadable`: the answer was
    complete, but not JSON or too large.
    """

    document: Any = None
    unreadable = False

    def __init__(
        self, system: str, status: int | None, message: str, request_id: str = "", code: str = ""
    ) -> None:
        self.system = system
        self.status = status
        self.message = one_line(message)
        self.request_id = request_id
        self.code = code
        super().__init__(system, status, self.message)

    @property
    def words(self) -> str:
        """Peer, status and message, without the request id: equal for equal errors."""
        answered = f"{self.system} answered {self.status}" if self.status else self.system
        return f"{answered}: {self.message}" if self.message else answered

    def __str__(self) -> str:
        return f"{self.words} (request {self.request_id})" if self.request_id else self.words


class Retryable(RemoteError):
    """A later attempt may succeed, but not before `after`, if the peer gave it."""

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
    """The call may have succeeded. Check before repeating it."""


class Permanent(RemoteError):
    """The same call would fail again until a person changes something."""


class NotFound(Permanent):
    """404 or 410. Heroku also answers 404 for what the token may not see."""


class Taken(Permanent):
    """The name is already in use, by us or by another account: check which."""


class ConfirmationRequired(Permanent):
    """Heroku would overwrite something, unless `confirm` repeats the app's name (423)."""


class Conflict(Permanent):
    """Not allowed in the present state (409)."""


class Unauthorized(RemoteError):
    """The token is wrong, expired or revoked (401): no call will work until it is replaced."""


def one_line(text: str) -> str:
    """Return `text` on one line, secrets hidden, cut to 500 characters."""
    line = redact(re.sub(r"\s+", " ", clean_text(text))).strip()
    return line if len(line) <= MAX_MESSAGE_LENGTH else line[: MAX_MESSAGE_LENGTH - 1] + "…"


class ErrorBody(NamedTuple):
    """The message and the code of an error body; "" if absent."""

    message: str
    code: str


_CLASSES: dict[int, type[RemoteError]] = {
    401: Unauthorized,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    425: Retryable,
    429: Retryable,
}


def error_class(status: int, body: ErrorBody, *, safe: bool) -> type[RemoteError]:
    """Return the error for a status of 400 or more; a `safe` call changes nothing at the peer."""
    if status == 422 and _NAME_IN_USE.search(body.message):
        return Taken
    # Heroku answers 423 to other things too; those no confirmation changes.
    if status == 423 and body.code == "confirmation_required":
        return ConfirmationRequired
    if status in _CLASSES:
        return _CLASSES[status]
    # The peer may have done the work before it failed to answer.
    if status >= 500 or status == 408:
        return Retryable if safe else Uncertain
    return Permanent


def error_body(document: Any) -> ErrorBody:
    """Read message and code from an error body of any peer.

    Heroku: {"id", "message"}; Heroku Connect: {"message"} or {"error"}; Salesforce REST: a list of
    {"message", "errorCode"}; Salesforce OAuth: {"error", "error_description"}; X: a problem
    {"type", "title", "detail"}, with details in `errors`, a list of {"message"}.
    """
    if isinstance(document, list):
        document = document[0] if document else None
    if not isinstance(document, Mapping):
        return ErrorBody(document if isinstance(document, str) else "", "")
    message = _first(document, "message", "error_description", "error") or _of_problem(document)
    return ErrorBody(message, _first(document, "id", "errorCode", "error", "type"))


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
        # Cut to nine digits, because a longer number overflows timedelta.
        return min(timedelta(seconds=min(int(text[:9]), 10**6)), MAX_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:  # "-0000" is UTC too (RFC 5322)
        at = at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta()), MAX_RETRY_AFTER)
