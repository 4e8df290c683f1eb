"""Routes and answers: the few HTTP helpers that every emulated system uses."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from emulator.connect.engine.engine import ConnectEngine
from emulator.state.world import World

Handler = Callable[..., Response]


@dataclass
class Call:
    """One request on its way through a system."""

    world: World
    engine: ConnectEngine
    request: Request
    base: str

    def json(self) -> dict[str, Any]:
        """Read a JSON object; an absent body is an empty one. Anything else is a 400."""
        body = self.any_json()
        if not isinstance(body, dict):
            raise BadRequest("A JSON object is expected.")
        return body

    def any_json(self) -> Any:
        """Read any JSON; an absent body is an empty object."""
        raw = self.request.get_data()
        try:
            return json.loads(raw) if raw.strip() else {}
        except ValueError as error:
            raise BadRequest(f"The body is not JSON: {error}") from None


class Refusal(Exception):
    """Leaves a handler with an answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


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
        """Build a URL map; double slashes are kept, since real servers differ on them."""
        rules = [each.empty() for each in self.rules]
        return Map(rules, merge_slashes=False, strict_slashes=False)

    def answer(self, call: Call, urls: Map, path: str) -> Response:
        """Answer a call whose path is `path` below the system's prefix."""
        try:
            response = self.before(call) or self._handle(call, urls, path)
        except Refusal as refusal:
            response = refusal.response
        except HTTPException as error:
            response = self.failed(error.code or 500, error.description or "")
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
    raise Refusal(response)


def html(text: str, status: int = 200) -> Response:
    """Answer with a page."""
    return Response(str(text), status, content_type="text/html; charset=utf-8")
