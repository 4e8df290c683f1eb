"""A deadline over all reads of one answer, its headers and the sizes of its chunks included.

A socket's time-out counts from byte to byte, so a peer that sends one byte now and then would hold
a worker for as long as it likes.
"""

import http.client
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from socket import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from tenants.http.limits import Limits

# time.monotonic() at which the answer that is being read must be complete.
current_deadline: ContextVar[float] = ContextVar("current_deadline", default=float("inf"))
# time.monotonic() at which all calls of the work that is under way must be complete.
_work_deadline: ContextVar[float] = ContextVar("work_deadline", default=float("inf"))
MIN_SECONDS = 0.1  # seconds that a call gets although the time is over


@contextmanager
def ending_within(seconds: float) -> Iterator[None]:
    """Give all calls inside together so much time, beside the limits of each."""
    token = _work_deadline.set(min(_work_deadline.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _work_deadline.reset(token)


def shortened(limits: Limits) -> Limits:
    """Return the limits of a call, with the time that is left for it."""
    left = _work_deadline.get() - time.monotonic()
    return (
        limits if left >= limits.total else replace(limits, total=max(round(left, 1), MIN_SECONDS))
    )


class _Reader(io.RawIOBase):
    """The bytes of a socket until the deadline; then TimeoutError."""

    def __init__(self, source: io.RawIOBase, sock: socket) -> None:
        self._source = source
        self._sock = sock
        self._patience = sock.gettimeout()
        self._deadline = current_deadline.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the answer has passed")
        if left < (self._patience or float("inf")):
            self._sock.settimeout(left)
        return self._source.readinto(buffer)

    def close(self) -> None:
        self._source.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class PlainConnection(HTTPConnection):
    """A connection whose answers keep the deadline."""

    response_class = _Response


class TlsConnection(HTTPSConnection):
    """The same over TLS."""

    response_class = _Response


class Pool(HTTPConnectionPool):
    """Connections to one host."""

    ConnectionCls = PlainConnection


class TlsPool(HTTPSConnectionPool):
    """Connections to one host over TLS."""

    ConnectionCls = TlsConnection


class DeadlineAdapter(HTTPAdapter):
    """Connections of the requests library that keep `current_deadline`, through a proxy too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self.poolmanager.pool_classes_by_scheme
        return manager
