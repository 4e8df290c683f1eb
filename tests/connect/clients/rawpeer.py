"""A peer of flesh and bytes: says over a real socket exactly what a test tells it to."""

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Script = Callable[[socket.socket, threading.Event], None]


class RawPeer(socketserver.ThreadingTCPServer):
    """Runs the next script for each connection, the last one again and again.

    `requests` holds the bytes of the first request of every connection, head and body. `ended` is
    set when a connection has ended.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scripts: list[Script] = []
        self.requests: list[bytes] = []
        self.over, self.ended = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def forget(self) -> None:
        """Release waiting connections and clear what was recorded."""
        self.over.set()
        self.over, self.ended = threading.Event(), threading.Event()
        self.requests, self.scripts = [], []

    def shutdown_request(self, request: Any) -> None:
        """End a connection, and tell the test so."""
        super().shutdown_request(request)
        self.ended.set()

    def plays(self, *scripts: Script) -> None:
        """Set what the next connections will meet."""
        self.scripts = list(scripts)

    def next_script(self) -> Script:
        return self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]


class _Handler(socketserver.BaseRequestHandler):
    server: RawPeer

    def handle(self) -> None:
        script = self.server.next_script()
        received = _read_request(self.request)
        if received:
            self.server.requests.append(received)
            script(self.request, self.server.over)


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return received
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    while len(body) < _content_length(head):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def _content_length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)


def head(status: int = 200, **headers: Any) -> bytes:
    """The start of an answer that ends when the connection does; `Retry_After=2` names a header."""
    named = {"Content_Type": "application/json", "Connection": "close", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Said", *lines, "", ""]).encode("latin-1")


def says(body: bytes | str = b"", status: int = 200, **headers: Any) -> Script:
    """Answer once, completely."""
    content = body.encode() if isinstance(body, str) else body

    def script(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(head(status, **{"Content_Length": len(content), **headers}) + content)

    return script


def in_turn(*scripts: Script) -> Script:
    """Run one script for each request on the same connection, which then ends."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        scripts[0](connection, over)
        for each in scripts[1:]:
            if not _read_request(connection):
                return
            each(connection, over)

    return script


def drips(body: bytes, every: float, **headers: Any) -> Script:
    """Answer with a head, then one byte of the body at a time, `every` so many seconds."""
    return drips_after(head(Content_Length=len(body), **headers), body, every)


def drips_after(sent: bytes, body: bytes, every: float) -> Script:
    """Send some bytes, then one byte at a time, `every` so many seconds."""

    def script(connection: socket.socket, over: threading.Event) -> None:
        try:
            connection.sendall(sent)
            for byte in body:
                if over.wait(every):
                    return
                connection.sendall(bytes([byte]))
        except OSError:  # the caller lost its patience, as it should
            return

    return script


def is_silent(_connection: socket.socket, over: threading.Event) -> None:
    """Take the request and never answer."""
    over.wait(5)


def drops(connection: socket.socket, _over: threading.Event) -> None:
    """Take the request and cut the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drops_after(sent: bytes) -> Script:
    """Send some bytes, then end the connection."""

    def script(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(sent)

    return script


@contextmanager
def serving() -> Iterator[RawPeer]:
    """Run a peer on a free port for the length of the block."""
    with RawPeer() as peer:
        thread = threading.Thread(target=peer.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield peer
        finally:
            peer.over.set()
            peer.shutdown()
            thread.join()


def header(request: bytes, name: str) -> str | None:
    """The value of a header in a recorded request."""
    return _headers(request).get(name.lower())


def _headers(request: bytes) -> Mapping[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
