"""The one way in which the portal calls another system.

A call has a connect time-out, a read time-out and a total deadline. It follows no redirect. Only
calls that change nothing at the peer are repeated. It returns an Answer or raises a RemoteError. It
never sleeps for long: `Retryable.after` tells the caller when to try again.
"""

import os
import secrets
import threading
import time
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import quote

import requests

from tenants.http.answers import Answer
from tenants.http.deadline import shortened
from tenants.http.errors import ErrorBody, RemoteError, Retryable, error_class
from tenants.http.exchange import Exchange
from tenants.http.limits import LIMITS, Limits
from tenants.http.request import Request
from tenants.http.sessions import Bearer, Session


def segment(text: str) -> str:
    """Quote `text` as one path segment, so that it cannot address another resource.

    Raises ValueError for "", "." and "..": requests resolves even %2E%2E as a parent folder.
    """
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} cannot be a part of a path")
    return quote(text, safe="")


class Peer:
    """One outside system at one base URL, called with one token. Threads and forks may share it.

    `secrets`, beside those of a call, must not come back in a message. `accepts_pages`: a page of
    HTML is an answer of this peer, and not of something in between.
    """

    secrets: tuple[str, ...] = ()
    accepts_pages = False

    def __init__(
        self,
        system: str,
        base_url: str,
        token: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        public_only: bool = False,
    ) -> None:
        """Name a peer. `public_only`: it is called at a public address or not at all."""
        self.system = system
        self.base_url = base_url
        self._token = token
        self._headers = dict(headers or {})
        self._limits = limits
        self._public_only = public_only
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
        content: bytes = b"",
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        reads: bool = True,
        into: IO[bytes] | None = None,
    ) -> Answer:
        """Make one call; `document` is sent as JSON, `form` as a form, `content` as it is.

        GET and HEAD are repeated up to twice.

        With `reads=False` the body is ignored, but not what looks like another system's page. With
        `into` a 2xx body is streamed to that file, and the Answer has no body. Raises RemoteError:
        Retryable, Uncertain, Permanent (NotFound, Taken, ...) or Unauthorized.
        """
        request = Request(
            method,
            path,
            dict(params or {}),
            document,
            content,
            dict(form or {}),
            {**self._headers, **(headers or {})},
            Bearer(self._token if token is None else token),
            reads,
            into,
        )
        return self._with_retries(request, shortened(self._limits or LIMITS))

    def error_class(self, status: int, body: ErrorBody, *, safe: bool) -> type[RemoteError]:
        """Return the error for a status of 400 or more. Subclasses add the rules of a peer."""
        return error_class(status, body, safe=safe)

    def on_response(self, headers: Mapping[str, str]) -> None:
        """Read an answer's headers, for any status. A hook for subclasses."""

    @property
    def session(self) -> requests.Session:
        """The session of this thread and process; a fork must not use its parent's sockets."""
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.session = Session(public_only=self._public_only)
            self._local.pid = os.getpid()
        session: requests.Session = self._local.session
        return session

    def _with_retries(self, request: Request, limits: Limits) -> Answer:
        deadline = time.monotonic() + limits.total
        attempt = 0
        while True:
            try:
                return Exchange(self, request, limits, deadline).run()
            except Retryable as error:
                # A long Retry-After is the caller's to store: sleeping here would hold a worker.
                pause = _pause(attempt, error, limits)
                late = time.monotonic() + pause >= deadline
                if not request.safe or attempt >= limits.retries or pause > limits.patience or late:
                    raise
            time.sleep(pause)
            attempt += 1


def _pause(attempt: int, error: Retryable, limits: Limits) -> float:
    """Return the seconds until the next try: Retry-After, or a growing pause with jitter."""
    if error.after is not None:
        return error.after.total_seconds()
    return limits.backoff * 2.0**attempt * secrets.SystemRandom().uniform(0.5, 1.5)
