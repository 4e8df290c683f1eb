"""Serves the tour and the mailbox on 127.0.0.1, from the first moment of the demo's start."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from demo import mails
from demo.mails import Mail
from demo.plan import ROOT, STAFF, Plan
from demo.stack import Stack
from demo.tour import pages
from demo.tour.stops import breaks, stops

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

FILES = {
    "brand.css": ROOT / "tenants" / "static" / "tenants" / "brand.css",
    "mark.svg": ROOT / "tenants" / "static" / "tenants" / "mark.svg",
    "tour.css": ROOT / "demo" / "tour" / "tour.css",
}
TYPES = {".css": "text/css", ".svg": "image/svg+xml"}
OWN = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'"
OF_MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
# A mail's links open in a tab of their own: the sandbox lets nothing else be opened.
IN_NEW_TAB = '<base target="_blank">'


class Tour:
    """A WSGI application. `note` takes the lines of the start, `show` the stack that is ready."""

    routes = Map(
        [
            Rule("/", endpoint="home"),
            Rule("/mail/", endpoint="mailbox"),
            Rule("/mail/<int:number>", endpoint="mail"),
            Rule("/mail/<int:number>/html", endpoint="html"),
            Rule(f"/<any({', '.join(map(repr, FILES))}):name>", endpoint="file"),
        ]
    )

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._lines: list[str] = []
        self._stack: Stack | None = None

    def note(self, line: str) -> None:
        self._lines.append(line)

    def show(self, stack: Stack) -> None:
        self._stack = stack

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        # A page of the internet must not read this one by a name that leads to 127.0.0.1.
        if request.host.partition(":")[0] not in ("127.0.0.1", "localhost"):
            return Response("Open it by 127.0.0.1.", 403)
        try:
            endpoint, values = self.routes.bind_to_environ(request.environ).match(method="GET")
            answer: Response = getattr(self, f"_{endpoint}")(**values)
        except HTTPException as refusal:
            return Response(f"{refusal.code} {refusal.name}", refusal.code or 500)
        answer.headers.setdefault("Content-Security-Policy", OWN)
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _home(self) -> Response:
        if self._stack is None:
            return _html(pages.starting(self._lines))
        facts = {
            "portal": self.plan.portal_url,
            "emulator": self.plan.emulator_url,
            "staff": STAFF,
            "password": self._stack.password,
        }
        return _html(pages.tour(facts, stops(self._stack), breaks(self._stack)))

    def _mailbox(self) -> Response:
        return _html(pages.mailbox(mails.read(self.plan.mail)))

    def _mail(self, number: int) -> Response:
        return _html(pages.mail(number, self._found(number)))

    def _html(self, number: int) -> Response:
        answer = _html(self._found(number).html.replace("<head>", f"<head>{IN_NEW_TAB}", 1))
        answer.headers["Content-Security-Policy"] = OF_MAIL
        return answer

    def _file(self, name: str) -> Response:
        path = FILES[name]
        return Response(path.read_bytes(), content_type=TYPES[path.suffix])

    def _found(self, number: int) -> Mail:
        known = mails.read(self.plan.mail)
        if not 1 <= number <= len(known):
            raise NotFound
        return known[number - 1]


def _html(text: str) -> Response:
    return Response(text, content_type="text/html; charset=utf-8")


class _Silent(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing: the console tells of the start."""


@contextmanager
def serving(tour: Tour) -> Iterator[None]:
    """Serve the tour on its port until the block ends."""
    port = tour.plan.tour_port
    server = make_server("127.0.0.1", port, tour, threaded=True, request_handler=_Silent)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
