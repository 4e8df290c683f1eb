"""An emulated system: its path prefix, its routes, and the form of its errors."""

from collections.abc import Callable
from dataclasses import dataclass, field

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response

from emulator.web.answers import EarlyAnswer
from emulator.web.call import Call

Handler = Callable[..., Response]


@dataclass
class System:
    """One emulated system.

    `failed` turns an HTTP error of routing (404, 405) or a malformed body (400) into the system's
    own answer. `before` may answer instead of the handler, for example after a check of headers.
    `after` may change any answer.
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
        """Build a URL map; double slashes are kept, because real servers differ on them."""
        # Werkzeug binds a rule to one map, but each application builds its own.
        rules = [each.empty() for each in self.rules]
        return Map(rules, merge_slashes=False, strict_slashes=False)

    def answer(self, call: Call, urls: Map, path: str) -> Response:
        """Answer a call whose path is `path` below the system's prefix."""
        try:
            response = self.before(call) or self._handle(call, urls, path)
        except EarlyAnswer as early:
            response = early.response
        except HTTPException as error:
            response = self.failed(error.code or 500, error.description or "")
        self.after(call, response)
        return response

    def _handle(self, call: Call, urls: Map, path: str) -> Response:
        adapter = urls.bind("emulator", path_info=path, query_args=call.request.args)
        endpoint, parts = adapter.match(method=call.request.method)
        handler: Handler = endpoint
        return handler(call, **parts)
