"""The one way in which the portal calls another system.

A call has a connect and a read time-out and a deadline over all of it, follows no redirect, repeats
itself only where nothing can change at the other end, and either returns an Answer or raises one of
the RemoteErrors. Long waits are never slept: `Retryable.after` hands them back to the caller.
"""

import http.client
import json
import logging
import os
import secrets
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import IO, Any
from urllib.parse import quote, urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from connect.clients.documents import Document
from connect.clients.errors import (
    RATE_LIMIT_PAUSE,
    ConfirmationRequired,
    Conflict,
    NotFound,
    Permanent,
    RemoteError,
    Retryable,
    Taken,
    Unauthorized,
    Uncertain,
    Words,
    kind_of,
    readable,
    retry_after,
    words_of,
)

__all__ = [
    "Answer",
    "ConfirmationRequired",
    "Conflict",
    "Limits",
    "NotFound",
    "Peer",
    "Permanent",
    "RemoteError",
    "Retryable",
    "Taken",
    "Unauthorized",
    "Uncertain",
    "Words",
    "segment",
    "stage_in_hand",
    "tenant_in_hand",
]

logger = logging.getLogger(__name__)

# Whom the calls of this thread are made for; the reconciler sets it, every log line carries it.
tenant_in_hand: ContextVar[str] = ContextVar("tenant_in_hand", default="-")
stage_in_hand: ContextVar[str] = ContextVar("stage_in_hand", default="-")

SAFE = frozenset({"GET", "HEAD"})
CHUNK = 64 * 1024  # bytes
HTML = "an HTML page"


@dataclass(frozen=True)
class Limits:
    """Seconds, bytes and tries that one call may take.

    The body is read against `total`; a peer that falls silent in it is noticed `read` later.
    """

    connect: float = 5
    read: float = 15
    total: float = 25
    body: int = 10 * 1024 * 1024
    retries: int = 2
    backoff: float = 0.3
    patience: float = 5  # the longest Retry-After that is waited for here


LIMITS = Limits()


@dataclass(frozen=True)
class Answer:
    """A 2xx answer. `body` is parsed JSON, or None when there was none."""

    system: str
    status: int
    request_id: str
    safe: bool
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)

    def document(self) -> Document:
        """The body as an object. Raises Retryable, or Uncertain after an unsafe call."""
        return Document(self.body, self.without)

    def without(self, what: str) -> Retryable:
        """The error for an answer that lacks `what`."""
        kind = Retryable if self.safe else Uncertain
        return kind(self.system, self.status, f"an answer without {what}", self.request_id)


def segment(text: str) -> str:
    """Quote `text` as one segment of a path, so that it reaches no other resource.

    Raises ValueError for what cannot be one: requests turns even %2E%2E into a step upwards.
    """
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} cannot be a part of a path")
    return quote(text, safe="")


class _Bearer(AuthBase):
    # Set even when there is no token: otherwise requests would look one up in ~/.netrc.
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Session(requests.Session):
    # Not even looked at: requests would read a redirect's whole body to prepare for following it.
    def get_redirect_target(self, _resp: requests.Response) -> None:
        return None

    def __init__(self) -> None:
        super().__init__()
        self.headers["User-Agent"] = "Multiconnect"
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    params: dict[str, str]
    document: Any
    headers: dict[str, str]
    auth: _Bearer
    reads: bool
    into: IO[bytes] | None = None

    @property
    def safe(self) -> bool:
        return self.method in SAFE


class Peer:
    """One outside system at one base URL, called with one token. Threads and forks may share it."""

    def __init__(
        self,
        system: str,
        base_url: str,
        token: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.system = system
        self.base_url = base_url.rstrip("/")
        self._token = token
        self._headers = dict(headers or {})
        self._limits = limits
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"<{self.system} at {self.base_url}>"

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        document: Any = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        reads: bool = True,
        into: IO[bytes] | None = None,
    ) -> Answer:
        """Make one call; `document` is sent as JSON. GET and HEAD are repeated up to twice.

        With `reads=False` the answer's body does not matter and may be any text but an HTML page.
        With `into` a 2xx body is written to that file as it comes, and the Answer has none.
        Raises RemoteError: Retryable, Uncertain, Permanent (NotFound, Taken, ...) or Unauthorized.
        """
        limits = self._limits or LIMITS
        request = _Request(
            method,
            path,
            dict(params or {}),
            document,
            {**self._headers, **(headers or {})},
            _Bearer(self._token if token is None else token),
            reads,
            into,
        )
        deadline = time.monotonic() + limits.total
        attempt = 0
        while True:
            try:
                return _Exchange(self, request, limits, deadline).run()
            except Retryable as error:
                pause = _pause(attempt, error.after, limits)
                late = time.monotonic() + pause >= deadline
                if not request.safe or attempt >= limits.retries or pause > limits.patience or late:
                    raise
            time.sleep(pause)
            attempt += 1

    def kind_of(self, status: int, words: Words, *, safe: bool) -> type[RemoteError]:
        """Say which error a status of 400 or more is; a peer with rules of its own overrides it."""
        return kind_of(status, words, safe=safe)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take note of an answer's headers, whatever its status."""

    @property
    def session(self) -> requests.Session:
        """This thread's own session: a forked child must not write into its parent's sockets."""
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.session = _Session()
            self._local.pid = os.getpid()
        session: requests.Session = self._local.session
        return session


class _Exchange:
    """One request and what came of it."""

    def __init__(self, peer: Peer, request: _Request, limits: Limits, deadline: float) -> None:
        self.peer = peer
        self.request = request
        self.limits = limits
        self.deadline = deadline
        self.status: int | None = None
        self.request_id = str(uuid.uuid4())

    def run(self) -> Answer:
        began = time.monotonic()
        try:
            response = self._send()
            with closing(response):
                self.status = response.status_code
                self.request_id = _request_id(response) or self.request_id
                body = self._read(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise self._failure(error) from None
        finally:
            self._log(began)
        self.peer.heard(response.headers)
        return self._judge(response, body)

    def _send(self) -> requests.Response:
        left = self.deadline - time.monotonic()
        return self.peer.session.request(
            self.request.method,
            self.peer.base_url + self.request.path,
            params=self.request.params,
            json=self.request.document,
            headers={**self.request.headers, "Request-Id": self.request_id},
            auth=self.request.auth,
            timeout=(min(self.limits.connect, left), min(self.limits.read, left)),
            allow_redirects=False,
            stream=True,
        )

    def _read(self, response: requests.Response) -> bytes:
        # read1 returns what has arrived; read and iter_content would sit out a dripped body.
        body, length = bytearray(), 0
        file = self.request.into if response.ok else None
        if file is not None:
            file.seek(0)
            file.truncate()
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            length += len(chunk)
            file.write(chunk) if file is not None else body.extend(chunk)
            if length > self.limits.body:
                raise self._error(
                    Permanent if self.request.safe else Uncertain,
                    f"a body of more than {self.limits.body} bytes",
                )
            if time.monotonic() > self.deadline:
                raise self._unsure(f"no complete answer within {self.limits.total:g} seconds")
        return bytes(body)

    def _judge(self, response: requests.Response, body: bytes) -> Answer:
        status, headers = response.status_code, response.headers
        if 300 <= status < 400:
            host = _host(headers.get("Location", "")) or _host(self.peer.base_url)
            raise self._error(Permanent, f"a redirect to {host}, which is not followed")
        document, complaint = _parse(body, headers.get("Content-Type", ""))
        if status >= 400:
            raise self._refusal(document, complaint, body, headers)
        if complaint and (self.request.reads or complaint == HTML):
            raise self._unsure(f"{complaint} where JSON was due")
        return Answer(
            self.peer.system, status, self.request_id, self.request.safe, headers, document
        )

    def _refusal(
        self, document: Any, complaint: str, body: bytes, headers: Mapping[str, str]
    ) -> RemoteError:
        status = self.status or 0
        message, code = words_of(document)
        if complaint and complaint != HTML:
            message = body[:4000].decode("utf-8", "replace")
        message = message or complaint or _phrase(status)
        kind = self.peer.kind_of(status, Words(message, code), safe=self.request.safe)
        after = retry_after(headers.get("Retry-After"), datetime.now(UTC))
        if status == 429 and after is None:
            after = RATE_LIMIT_PAUSE
        error = self._error(kind, message, code=code, after=after)
        error.document = document
        return error

    def _failure(self, error: Exception) -> RemoteError:
        # Never the exception's own words: they quote the address, and a bad header with its token.
        name = type(error).__name__
        if isinstance(error, ValueError) and self.status is None:
            return self._error(Permanent, f"the call could not be made ({name})")
        if _never_left(error):
            return self._error(Retryable, f"no connection ({name})")
        if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
            return self._unsure("no answer in time")
        return self._unsure(f"the connection broke ({name})")

    def _unsure(self, message: str) -> Retryable:
        kind = Retryable if self.request.safe else Uncertain
        return kind(self.peer.system, self.status, message, self.request_id)

    def _error(
        self,
        kind: type[RemoteError],
        message: str,
        *,
        code: str = "",
        after: timedelta | None = None,
    ) -> RemoteError:
        given = (self.peer.system, self.status, message, self.request_id, code)
        return kind(*given, after) if issubclass(kind, Retryable) else kind(*given)

    def _log(self, began: float) -> None:
        logger.info(
            "%s %s %s -> %s in %d ms (peer_request_id=%s tenant=%s)",
            self.peer.system,
            self.request.method,
            self.request.path,
            self.status or "no answer",
            (time.monotonic() - began) * 1000,
            self.request_id,
            tenant_in_hand.get(),
        )


def _parse(body: bytes, content_type: str) -> tuple[Any, str]:
    """Return (document, complaint); an empty body is None and no reason to complain."""
    if not body.strip():
        return None, ""
    try:
        return json.loads(body), ""
    except (ValueError, RecursionError):
        is_page = "html" in content_type.lower() or body.lstrip()[:1] == b"<"
        return None, HTML if is_page else "broken JSON"


def _pause(attempt: int, after: timedelta | None, limits: Limits) -> float:
    """Seconds until the next try: as the peer says, else growing with jitter."""
    if after is not None:
        return after.total_seconds()
    return limits.backoff * 2.0**attempt * secrets.SystemRandom().uniform(0.5, 1.5)


def _never_left(error: Exception) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    refused = isinstance(reason, urllib3.exceptions.NewConnectionError)
    return refused or isinstance(error, requests.ConnectTimeout)


def _request_id(response: requests.Response) -> str:
    given = response.headers.get("Request-Id") or response.headers.get("X-Request-Id") or ""
    return readable(given)[:100]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return "an unreadable address"


def _phrase(status: int) -> str:
    return http.client.responses.get(status, "")
