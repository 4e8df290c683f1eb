"""Routes and answers: the few HTTP helpers that every emulated system uses."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from emulator.engine import Engine
from emulator.state import World

Handler = Callable[..., Response]


@dataclass
class Call:
    """One request on its way through a system."""

    world: World
    engine: Engine
    request: Request
    base: str

    def json(self) -> dict[str, Any]:
        """Read a JSON object; an absent body is an empty one. Raises ValueError."""
        raw = self.request.get_data()
        if not raw.strip():
            return {}
        body = json.loads(raw)
        if not isinstance(body, dict):
            raise ValueError("a JSON object is expected")  # noqa: TRY004 - one error for bad bodies
        return body


@dataclass
class System:
    """One emulated system: its path prefix, its routes and how it words an error.

    `failed` turns an HTTP error of routing (404, 405) or a malformed body (400) into the system's
    own answer; `before` may answer instead of the handler, as a check of headers does.
    """

    name: str
    failed: Callable[[int, str], Response]
    before: Callable[[Call], Response | None] = lambda _call: None
    after: Callable[[Call, Response], None] = lambda _call, _response: None
    rules: list[Rule] = field(default_factory=list)

    def route(self, rule: str, *methods: str) -> Callable[[Handler], Handler]:
        """Register a handler: `handler(call, **parts of the path) -> Response`."""

        def register(handler: Handler) -> Handler:
            self.rules.append(Rule(rule, endpoint=handler, methods=methods or ("GET",)))
            return handler

        return register

    def map(self) -> Map:
        """Build the URL map; double slashes are kept, since real servers differ on them."""
        return Map(self.rules, merge_slashes=False, strict_slashes=False)

    def answer(self, call: Call, urls: Map, path: str) -> Response:
        """Answer a call whose path is `path` below the system's prefix."""
        try:
            response = self.before(call) or self._handle(call, urls, path)
        except HTTPException as error:
            response = error.response or self.failed(error.code or 500, error.description or "")  # type: ignore[assignment]
        except ValueError as error:
            response = self.failed(400, str(error))
        self.after(call, response)
        return response

    def _handle(self, call: Call, urls: Map, path: str) -> Response:
        adapter = urls.bind("emulator", path_info=path, query_args=call.request.args)
        handler, parts = adapter.match(method=call.request.method)
        return handler(call, **parts)  # type: ignore[no-any-return]


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(json.dumps(data), status, headers, content_type="application/json")


def refuse(response: Response) -> NoReturn:
    """Leave the handler with this answer."""
    raise HTTPException(response=response)


def html(text: str, status: int = 200) -> Response:
    """Answer with a page."""
    return Response(str(text), status, content_type="text/html; charset=utf-8")
