"""One server for every emulated system: dispatch by path prefix, faults, the log of calls."""

import re
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from emulator.connect.api import authorize, connect_api, diagnose, discovery, mappings_api, region
from emulator.connect.engine.engine import ConnectEngine
from emulator.control import control, control_orgs, control_x, overview
from emulator.heroku import heroku
from emulator.salesforce import apex, salesforce
from emulator.state.faults import HTML_BODY, Fault
from emulator.state.options import Options
from emulator.state.world import World
from emulator.times import iso
from emulator.web.web import Call, System, answer, html
from emulator.x import x

MODULES = (
    heroku,
    discovery,
    connect_api,
    mappings_api,
    diagnose,
    authorize,
    salesforce,
    apex,
    control,
    control_orgs,
    control_x,
    overview,
    x,
)
SYSTEMS: dict[str, System] = {module.SYSTEM.name: module.SYSTEM for module in MODULES}
TICK_SECONDS = 0.15
# Who has an authorize URL may use it, so that the log of calls leaves its last part out.
AUTHORIZE_TOKEN = re.compile(r"(/oauth/authorize/)[^/]+")


class Application:
    """The WSGI application over one world."""

    def __init__(self, world: World, engine: ConnectEngine) -> None:
        self.world = world
        self._engine = engine
        self._systems = {name: (each, each.map()) for name, each in SYSTEMS.items()}
        world.faults.systems = frozenset(SYSTEMS)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        name, _, rest = request.path.lstrip("/").partition("/")
        name = region.SYSTEM.name if region.FURTHER_CELL.fullmatch(name) else name
        request_id = request.headers.get("Request-Id") or str(uuid.uuid4())
        entry: dict[str, Any] = {
            "at": iso(self.world.clock.now()),
            "system": name,
            "method": request.method,
            "path": AUTHORIZE_TOKEN.sub(r"\1…", request.path),
            "status": None,
            "request_id": request_id,
        }
        response = self._answer(request, name, "/" + rest, entry)
        if name in self._systems and name != "control":
            self.world.calls.append(entry)
        if response is None:
            # The peer sees the connection end without an answer.
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            response = Response(status=500)
        else:
            entry["status"] = response.status_code
        response.headers.setdefault("Request-Id", request_id)
        return response(environ, start_response)

    def _answer(
        self, request: Request, name: str, path: str, entry: dict[str, Any]
    ) -> Response | None:
        """Answer under the fault in force; None means that the connection is to be dropped."""
        if name not in self._systems:
            return _front_page(name)
        fault = self.world.faults.meet(name, request.method, request.path)
        if fault is None:
            return self._work(request, name, path)
        entry["fault"] = fault.id
        time.sleep(fault.delay)
        if fault.drop == "before":
            return None
        if fault.answers:
            return _fault_answer(fault)
        response = self._work(request, name, path)
        if fault.drop == "after":
            return None
        if fault.empty:
            response.set_data(b"")
        response.headers.update(fault.headers)
        return response

    def _work(self, request: Request, name: str, path: str) -> Response:
        system, urls = self._systems[name]
        call = Call(self.world, self._engine, request, request.host_url.rstrip("/"))
        response = system.answer(call, urls, path)
        self.world.store.flush()
        return response


def _front_page(name: str) -> Response:
    if name:
        return answer({"message": f"nothing is emulated under /{name}"}, 404)
    return Response(status=302, headers={"Location": "/control/"})


def _fault_answer(fault: Fault) -> Response:
    status = fault.status or (502 if fault.html else 200)
    if fault.html:
        response = html(fault.body or HTML_BODY, status)
    elif isinstance(fault.body, str):
        response = Response(fault.body, status, content_type=fault.content_type or "text/plain")
    elif fault.empty or fault.body is None:
        response = Response(b"", status)
    else:
        response = answer(fault.body, status)
    if fault.content_type:
        response.headers["Content-Type"] = fault.content_type
    response.headers.update(fault.headers)
    return response


class _Handler(WSGIRequestHandler):
    """HTTP/1.1 without a line on stderr for each request, and without Nagle's 40 ms waits."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Keep errors only."""
        if type == "error":
            super().log(type, message, *args)


class _Server(ThreadedWSGIServer):
    """Keeps its open connections, so that closing it ends kept-alive ones too."""

    def __init__(self, options: Options, application: Application) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(options.host, options.port, application, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, then serve it from a thread of its own."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End every connection, as the end of a process would."""
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        """Where the server listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"


@dataclass
class Running:
    """A served emulator: where it listens, its state and its motor."""

    url: str
    world: World
    engine: ConnectEngine


@contextmanager
def serve(options: Options) -> Iterator[Running]:
    """Serve an emulator from threads of this process until the block ends."""
    world = World(options)
    if world.merged_writes:
        print("No hstore in this Postgres: Connect runs in merged-writes mode.", file=sys.stderr)
    engine = ConnectEngine(world)
    with closing(world.databases), _Server(options, Application(world, engine)) as server:
        stop = threading.Event()
        threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True),
            threading.Thread(target=engine.run, args=(stop, TICK_SECONDS), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            yield Running(server.url, world, engine)
        finally:
            stop.set()
            server.shutdown()
            server.hang_up()
            for thread in threads:
                thread.join()
            try:
                world.save_clock()
                world.store.flush()
            except psycopg.OperationalError as error:
                print(f"The last changes were not kept: {error}", file=sys.stderr)
