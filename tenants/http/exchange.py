"""One HTTP request and its answer, with no retry."""

import http.client
import logging
import time
import uuid
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from tenants import tracing
from tenants.http import context
from tenants.http.answers import HTML, Answer, parse_body
from tenants.http.deadline import current_deadline
from tenants.http.errors import (
    RATE_LIMIT_PAUSE,
    ErrorBody,
    Permanent,
    RemoteError,
    Retryable,
    Uncertain,
    error_body,
    one_line,
    retry_after,
)
from tenants.http.limits import Limits
from tenants.http.public import NotPublic
from tenants.http.request import Callee, Request
from tenants.redaction import hide
from tenants.tracing import Facts, SpanKind

CHUNK = 64 * 1024  # bytes
MAX_ERROR_TEXT = 4000  # bytes of an error body that is not JSON

# All calls are logged under one name, so that operators can filter them.
logger = logging.getLogger("tenants.http")


class Exchange:
    """One request and its answer."""

    def __init__(self, peer: Callee, request: Request, limits: Limits, deadline: float) -> None:
        self.peer = peer
        self.request = request
        self.limits = limits
        self.deadline = deadline
        self.status: int | None = None
        # Heroku takes over a Request-Id that is sent, so a call without an answer has one too.
        self.request_id = str(uuid.uuid4())

    def run(self) -> Answer:
        """Send the request and return the answer. Raises RemoteError."""
        with tracing.span(SpanKind.CLIENT, self._name, self._facts) as note:
            try:
                return self._run()
            finally:
                if self.status:
                    note("http.response.status_code", self.status)
                note("multiconnect.peer_request_id", self.request_id)

    @property
    def _name(self) -> str:
        return f"{self.request.method} {self.peer.system}"

    @property
    def _facts(self) -> Facts:
        # Never the path: it may hold names of an org's objects.
        return {
            "http.request.method": self.request.method,
            "server.address": _host(self.peer.base_url),
            "multiconnect.tenant": context.current_tenant.get(),
        }

    def _run(self) -> Answer:
        began = time.monotonic()
        token = current_deadline.set(self.deadline)
        try:
            response = self._send()
            with closing(response):
                self.status = response.status_code
                self.request_id = _request_id(response) or self.request_id
                body = self._read(response)
        # The body is read from urllib3, which raises its own errors and not those of requests.
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            # Without a cause, because its text would show the address in a traceback.
            raise self._failure(error) from None
        finally:
            current_deadline.reset(token)
            self._log(began)
        # Before the check: an error answer also says how many calls are left.
        self.peer.on_response(response.headers)
        return self._check(response, body)

    @property
    def _url(self) -> str:
        # Without a path the address is called as it is: its last slash may count.
        base, path = self.peer.base_url, self.request.path
        return base.rstrip("/") + path if path else base

    def _send(self) -> requests.Response:
        left = self.deadline - time.monotonic()
        return self.peer.session.request(
            self.request.method,
            self._url,
            params=self.request.params,
            data=self.request.content or self.request.form or None,
            json=self.request.document,
            headers={**self.request.headers, "Request-Id": self.request_id},
            auth=self.request.auth,
            # requests limits the wait for each read; current_deadline limits the total.
            timeout=(min(self.limits.connect, left), min(self.limits.read, left)),
            # requests would send our own headers to the other host, and turn a POST into a GET.
            allow_redirects=False,
            stream=True,
        )

    def _read(self, response: requests.Response) -> bytes:
        body, length = bytearray(), 0
        # The body of an error is small and has to be read for its message.
        file = self.request.into if response.ok else None
        if file is not None:
            # A repeated call must not append to what the failed one wrote.
            file.seek(0)
            file.truncate()
        # read1 returns what has arrived; read and iter_content would wait for a slow body.
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            length += len(chunk)
            file.write(chunk) if file is not None else body.extend(chunk)
            if length > self.limits.body:
                kind = Permanent if self.request.safe else Uncertain
                raise self._unreadable(kind, f"a body of more than {self.limits.body} bytes")
        return bytes(body)

    def _check(self, response: requests.Response, body: bytes) -> Answer:
        status, headers = response.status_code, response.headers
        if 300 <= status < 400:
            host = _host(headers.get("Location", "")) or _host(self.peer.base_url)
            raise self._error(Permanent, f"a redirect to {host}, which is not followed")
        if status >= 400:
            # A peer may repeat what it was sent, and errors are stored and shown.
            body = hide(body.decode("utf-8", "replace"), self._secrets).encode()
        document, problem = parse_body(body, headers.get("Content-Type", ""))
        if status >= 400:
            raise self._error_answer(document, problem, body, headers)
        # A page of HTML comes from something in between: the peer itself may not have been asked.
        is_page = problem == HTML and not self.peer.accepts_pages
        if problem and (self.request.reads or is_page):
            kind = Retryable if self.request.safe else Uncertain
            raise self._unreadable(kind, f"{problem} instead of JSON")
        return Answer(
            self.peer.system, status, self.request_id, self.request.safe, headers, document
        )

    @property
    def _secrets(self) -> list[str]:
        return [*self.request.secrets, *self.peer.secrets]

    def _error_answer(
        self, document: Any, problem: str, body: bytes, headers: Mapping[str, str]
    ) -> RemoteError:
        status = self.status or 0
        message, code = error_body(document)
        # Plain text may explain the error; a page of HTML would only fill the log.
        if problem and problem != HTML:
            message = body[:MAX_ERROR_TEXT].decode("utf-8", "replace")
        message = message or problem or http.client.responses.get(status, "")
        kind = self.peer.error_class(status, ErrorBody(message, code), safe=self.request.safe)
        after = retry_after(headers.get("Retry-After"), datetime.now(UTC))
        if status == 429 and after is None:
            after = RATE_LIMIT_PAUSE
        error = self._error(kind, message, code=code, after=after)
        error.document = document
        return error

    def _failure(self, error: Exception) -> RemoteError:
        # The exception's text is not used: it may contain the address, or a header with the token.
        name = type(error).__name__
        # requests raises ValueError for an address that it cannot use; a retry would not help.
        if isinstance(error, ValueError) and self.status is None:
            return self._error(Permanent, f"the call could not be made ({name})")
        if isinstance(_reason(error), NotPublic):
            return self._error(Permanent, "its name leads to an address that is not public")
        if _not_sent(error):
            return self._error(Retryable, f"no connection ({name})")
        if time.monotonic() >= self.deadline:
            return self._uncertain(f"no complete answer within {self.limits.total:g} seconds")
        if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
            return self._uncertain("no answer in time")
        return self._uncertain(f"the connection broke ({name})")

    def _uncertain(self, message: str) -> Retryable:
        kind = Retryable if self.request.safe else Uncertain
        return kind(self.peer.system, self.status, message, self.request_id)

    def _unreadable(self, kind: type[RemoteError], message: str) -> RemoteError:
        error = self._error(kind, message)
        error.unreadable = True
        return error

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
        # Never the query, a header or a body: they can hold secrets.
        logger.info(
            "%s %s %s -> %s in %d ms (peer_request_id=%s tenant=%s)",
            self.peer.system,
            self.request.method,
            self.request.path,
            self.status or "no answer",
            (time.monotonic() - began) * 1000,
            self.request_id,
            context.current_tenant.get(),
        )


def _not_sent(error: Exception) -> bool:
    """Return whether the request never reached the peer, so that repeating it is safe."""
    refused = isinstance(_reason(error), urllib3.exceptions.NewConnectionError)
    return refused or isinstance(error, requests.ConnectTimeout)


def _reason(error: Exception) -> Exception | None:
    """Return urllib3's error: requests wraps it in its own ConnectionError, for every failure."""
    found: Exception | None = getattr(error.args[0], "reason", None) if error.args else None
    return found


def _request_id(response: requests.Response) -> str:
    given = response.headers.get("Request-Id") or response.headers.get("X-Request-Id") or ""
    return one_line(given)[:100]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return "an unreadable address"
