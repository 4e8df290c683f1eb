"""The one way in which the portal calls another system.

A call has a connect and a read time-out and a deadline over all of it, follows no redirect, repeats
itself only where nothing can change at the other end, and either returns an Answer or raises one of the
RemoteErrors. Long waits are never slept: `Retryable.after` hands them back to the caller.
"""

import json
import logging
import os
import random
import threading
import time
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from connect.clients.documents import Document
from connect.clients.errors import (
    RATE_LIMIT_PAUSE,
    Conflict,
    ConfirmationRequired,
    NotFound,
    Permanent,
    RemoteError,
    Retryable,
    Taken,
    Unauthorized,
    Uncertain,
    kind_of,
    readable,
    retry_after,
    words_of,
)

__all__ = [
    "Answer",
    "Conflict",
    "ConfirmationRequired",
    "Limits",
    "NotFound",
    "Peer",
    "Permanent",
    "RemoteError",
    "Retryable",
    "Taken",
    "Unauthorized",
    "Uncertain",
    "segment",
    "tenant_in_hand",
]

logger = logging.getLogger(__name__)

# Whom the calls of this thread are made for; the reconciler sets it, every log line carries it.
tenant_in_hand: ContextVar[str] = ContextVar("tenant_in_hand", default="-")

SAFE = frozenset({"GET", "HEAD"})
CHUNK = 64 * 1024  # bytes


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

    def documents(self) -> list[Document]:
        """The body as a list of objects. Raises like document()."""
        if not isinstance(self.body, list):
            raise self.without("a list")
        return [Document(each, self.without) for each in self.body]

    def without(self, what: str) -> Retryable:
        """The error for an answer that lacks `what`."""
        kind = Retryable if self.safe else Uncertain
        return kind(self.system, self.status, f"an answer without {what}", self.request_id)


def segment(text: str) -> str:
    """Quote `text` as one segment of a path: no slash in it can reach another resource."""
    return "%2E" * len(text) if text in (".", "..") else quote(text, safe="")


class _Bearer(AuthBase):
    # Set even when there is no token: otherwise requests would look one up in ~/.netrc.
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


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
        reads: bool = True,
    ) -> Answer:
        """Make one call; `document` is sent as JSON. GET and HEAD are repeated up to twice.

        With `reads=False` the answer's body does not matter and may be any text but an HTML page.
        Raises RemoteError: Retryable, Uncertain, Permanent (NotFound, Taken, ...) or Unauthorized.
        """
        limits = self._limits or LIMITS
        request = requests.Request(
            method,
            self.base_url + path,
            params=params,
            json=document,
            headers={**self._headers, **(headers or {})},
            auth=_Bearer(self._token),
        )
        deadline = time.monotonic() + limits.total
        for attempt in range(limits.retries + 1):
            try:
                return _Exchange(self, request, limits, deadline, reads).run()
            except Retryable as error:
                pause = _pause(attempt, error.after, limits)
                over = attempt == limits.retries or time.monotonic() + pause >= deadline
                if method not in SAFE or pause > limits.patience or over:
                    raise
            time.sleep(pause)
        raise AssertionError("unreachable")

    def kind_of(self, status: int, message: str, code: str, *, safe: bool) -> type[RemoteError]:
        """Say which error a status of 400 or more is; a peer with rules of its own overrides it."""
        return kind_of(status, message, safe=safe)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take note of an answer's headers, whatever its status."""

    @property
    def session(self) -> requests.Session:
        """This thread's own session: a forked child must not write into its parent's sockets."""
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.session = requests.Session()
            self._local.session.headers["User-Agent"] = "Multiconnect"
            self._local.pid = os.getpid()
        session: requests.Session = self._local.session
        return session
