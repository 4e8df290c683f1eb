"""The WSGI application: a call goes to the system that its path names, under the active faults."""

import re
import socket
import time
import uuid
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator.connect.api.system import FURTHER_CELL
from emulator.server.fault_answers import fault_answer
from emulator.server.root_addresses import roots, with_prefix
from emulator.server.systems import SYSTEMS
from emulator.state.world import World
from emulator.times import iso
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.web.engine import Engine

CONTROL, REGION = "control", "region"
# Anyone with an authorize URL may use it, so the log of calls leaves out its last part.
AUTHORIZE_TOKEN = re.compile(r"(/oauth/authorize/)[^/]+")


class Application:
    """The WSGI application over one world."""

    def __init__(self, world: World, engine: Engine) -> None:
        self.world = world
        self._engine = engine
        self._systems = {name: (each, each.map()) for name, each in SYSTEMS.items()}
        self._roots = roots(SYSTEMS)
        world.faults.systems = frozenset(SYSTEMS)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        environ = with_prefix(environ, self._roots)
        request = Request(environ)
        name, _, rest = request.path.lstrip("/").partition("/")
        name = REGION if FURTHER_CELL.fullmatch(name) else name
        request_id = request.headers.get("Request-Id") or str(uuid.uuid4())
        entry = self._log_entry(request, name, request_id)
        response = self._answer(request, name, "/" + rest, entry)
        # Calls of /control are the tester's own, and would hide those under test.
        if name in self._systems and name != CONTROL:
            self.world.calls.append(entry)
        if response is None:
            # The client sees the connection end without an answer.
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            response = Response(status=500)
        else:
            entry["status"] = response.status_code
        response.headers.setdefault("Request-Id", request_id)
        return response(environ, start_response)

    def _log_entry(self, request: Request, name: str, request_id: str) -> dict[str, Any]:
        return {
            "at": iso(self.world.clock.now()),
            "system": name,
            "method": request.method,
            "path": AUTHORIZE_TOKEN.sub(r"\1…", request.path),
            "status": None,
            "request_id": request_id,
        }

    def _answer(
        self, request: Request, name: str, path: str, entry: dict[str, Any]
    ) -> Response | None:
        """Answer under the active fault; None means that the connection is to be dropped."""
        if name not in self._systems:
            return _outside(name)
        fault = self.world.faults.meet(name, request.method, request.path)
        if fault is None:
            return self._work(request, name, path)
        entry["fault"] = fault.id
        time.sleep(fault.delay)
        if fault.drop == "before":
            return None
        if fault.answers:
            return fault_answer(fault)
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
        # Stored before the answer: a client that has seen it finds it after a restart.
        self.world.save()
        return response


def _outside(name: str) -> Response:
    if name:
        return answer({"message": f"nothing is emulated under /{name}"}, 404)
    return Response(status=302, headers={"Location": "/control/"})
