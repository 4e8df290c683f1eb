"""gunicorn's thread worker, made safe against slow clients.

What gunicorn 27 does alone: a thread waits for each byte of a request, for ever, and the main
thread waits up to two seconds for a client to hang up. A few slow clients stop the whole process.

Here the main thread collects what arrives, from all clients at once, against a deadline (`timeout`
in gunicorn.conf.py). A request takes a thread only when all of it is there, and the thread cannot
read from the socket. /healthz has a thread of its own. A connection serves one request, so
`keepalive` is 0.
"""

import errno
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gunicorn.http import get_parser
from gunicorn.workers.gthread import TConn, ThreadWorker

from portal.project import arrival
from portal.project.arrival import Arrival

CHUNK = 64 * 1024  # bytes
MAX_HELD = 64 * 1024 * 1024  # bytes of all requests that are arriving
LINGER_SECONDS = 2.0  # until a client hangs up after its answer
STOP_SECONDS = 2.0  # for a request that is arriving while the worker stops
MIN_FREE = 50  # connections: below this the oldest one that is arriving has to go
PROBE = b"GET /healthz"
_NOBODY_THERE = (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_ANSWER = "HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
TOO_SLOW = "408 Request Timeout"
TOO_LARGE = "413 Content Too Large"
TOO_BUSY = "503 Service Unavailable"


@dataclass(eq=False)
class Visitor:
    """A connection that the main thread watches: a request arrives, or the client hangs up."""

    conn: Any
    until: float  # on the monotonic clock
    data: bytearray = field(default_factory=bytearray)
    has_answer: bool = False  # to go on after "Expect: 100-continue"
    leaves: bool = False


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """Threads work; only the main thread waits for clients."""

    def init_process(self) -> None:
        self.visitors: dict[socket.socket, Visitor] = {}
        self.held = 0
        self.probes = ThreadPoolExecutor(1)
        super().init_process()

    # --- a connection comes ----------------------------------------------------------------------

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, and watch it."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno not in _NOBODY_THERE:
                raise
            return
        self.nr_conns += 1
        conn = TConn(self.cfg, sock, address, listener.getsockname())
        self._watch(Visitor(conn, time.monotonic() + self.cfg.timeout), self._receive)
        if self.nr_conns > self.worker_connections - MIN_FREE:
            self._make_room()

    def _make_room(self) -> None:
        arriving = (each for each in self.visitors.values() if not each.leaves)
        if oldest := min(arriving, key=lambda each: each.until, default=None):
            self._refuse(oldest, TOO_BUSY)

    def _watch(self, visitor: Visitor, act: Callable[[Visitor], None]) -> None:
        sock = visitor.conn.sock
        self.visitors[sock] = visitor
        self.poller.register(sock, selectors.EVENT_READ, partial(self._on_bytes, visitor, act))

    def _unwatch(self, visitor: Visitor) -> None:
        self.held -= len(visitor.data)
        self.visitors.pop(visitor.conn.sock)
        self.poller.unregister(visitor.conn.sock)

    def _on_bytes(self, visitor: Visitor, act: Callable[[Visitor], None], sock: Any) -> None:
        if sock not in self.visitors:  # it was closed in this round
            return
        try:
            data = sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(visitor)
            return
        if not visitor.leaves:
            visitor.data += data
            self.held += len(data)
        act(visitor)

    # --- a request arrives -----------------------------------------------------------------------

    def _receive(self, visitor: Visitor) -> None:
        match arrival.judge(visitor.data):
            case Arrival.COMPLETE:
                self._hand_over(visitor)
            case Arrival.TOO_LARGE:
                self._refuse(visitor, TOO_LARGE)
            case Arrival.ASKS_TO_GO_ON if not visitor.has_answer:
                visitor.has_answer = True
                _send(visitor, CONTINUE)
        if self.held > MAX_HELD and visitor.conn.sock in self.visitors:
            self._refuse(visitor, TOO_BUSY)

    def _hand_over(self, visitor: Visitor) -> None:
        self._unwatch(visitor)
        conn, data = visitor.conn, bytes(visitor.data)
        # Read from memory and not from the socket: the thread cannot wait for this client.
        conn.parser = get_parser(self.cfg, iter([data]), conn.client)
        conn.initialized = conn.data_ready = True
        pool = self.probes if data.startswith(PROBE) else self.tpool
        task = pool.submit(self.handle, conn)
        task.add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer, with a limit on the time that a client takes to read."""
        conn.sock.settimeout(self.cfg.timeout)
        return super().handle_request(req, conn)

    # --- a connection goes -----------------------------------------------------------------------

    def finish_request(self, conn: Any, done: "Future[Any]") -> None:
        """Let the client read the answer and hang up, for a short time."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        visitor = Visitor(conn, time.monotonic() + LINGER_SECONDS, leaves=True)
        self._watch(visitor, lambda visitor: None)

    def murder_pending(self) -> None:
        """Refuse those whose time is over; gunicorn calls it each second."""
        now = time.monotonic()
        for visitor in list(self.visitors.values()):
            if not self.alive:
                visitor.until = min(visitor.until, now + STOP_SECONDS)
            if visitor.until > now:
                continue
            if visitor.leaves or not visitor.data:
                self._drop(visitor)
            else:
                self._refuse(visitor, TOO_SLOW)

    def _refuse(self, visitor: Visitor, status: str) -> None:
        _send(visitor, _ANSWER.format(status).encode())
        self._drop(visitor)

    def _drop(self, visitor: Visitor) -> None:
        self._unwatch(visitor)
        self._close(visitor.conn)

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()


def _send(visitor: Visitor, text: bytes) -> None:
    # The socket does not block: what a client does not take at once is lost, and only that.
    with suppress(OSError):
        visitor.conn.sock.send(text)
