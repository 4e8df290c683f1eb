"""The HTTP server: a thread for each connection, and an end for all of them."""

import io
import socket
import traceback
from contextlib import suppress
from typing import Any

from werkzeug.exceptions import BadRequest, InternalServerError
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response
from werkzeug.wsgi import get_input_stream

from emulator.server.application import Application

_NO_BODY = (204, 304)


class _Handler(WSGIRequestHandler):
    """HTTP/1.1 without a line on stderr for each request, and without Nagle's waits of 40 ms."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request, and keep the connection for the next one, as the real systems do.

        werkzeug ends each connection, so no client under test would ever use one twice.
        """
        environ = self.make_environ()
        try:
            # All of the body, because the next request begins behind it.
            environ["wsgi.input"] = io.BytesIO(self._body(environ))
        except (BadRequest, OSError):
            self.close_connection = True
            self._send(BadRequest().get_response(environ))
            return
        environ["wsgi.input_terminated"] = True
        try:
            response = Response.from_app(self.server.app, environ, buffered=True)
        except Exception:
            self.server.log("error", traceback.format_exc())
            response = InternalServerError().get_response(environ)
        self._send(response)

    def _body(self, environ: dict[str, Any]) -> bytes:
        """Read the body. Raises BadRequest or OSError if nobody can know where it ends."""
        length = self.headers.get("Content-Length", "0")
        encoding = self.headers.get("Transfer-Encoding", "chunked")
        if not (length.isascii() and length.isdigit()) or encoding.lower() != "chunked":
            raise BadRequest
        return get_input_stream(environ).read()

    def _send(self, response: Response) -> None:
        body, status, headers = response.get_data(), response.status_code, response.headers
        if self.command != "HEAD" and status not in _NO_BODY:
            length = headers.setdefault("Content-Length", str(len(body)))
            # A fault may say what is wrong. Then nobody knows where the next answer begins.
            is_wrong = length != str(len(body)) or "Transfer-Encoding" in headers
            self.close_connection = self.close_connection or is_wrong
        self.send_response(status, response.status.partition(" ")[2])
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

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
