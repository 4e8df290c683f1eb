"""The HTTP server: a thread for each connection, and an end for all of them."""

import socket
from contextlib import suppress
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from emulator.server.application import Application


class _Handler(WSGIRequestHandler):
    """HTTP/1.1 without a line on stderr for each request, and without Nagle's waits of 40 ms."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Log errors only."""
        if type == "error":
            super().log(type, message, *args)


class HttpServer(ThreadedWSGIServer):
    """Knows its open connections, so that closing it ends kept-alive ones too."""

    def __init__(self, host: str, port: int, application: Application) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(host, port, application, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, then serve it from a thread of its own."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End every connection, as when a process ends."""
        # A copy, because the threads remove their connections at the same time.
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        """Where the server listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"
