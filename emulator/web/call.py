"""One request on its way through an emulated system."""

import json
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from emulator.state.world import World
from emulator.web.engine import Engine


@dataclass
class Call:
    """A request, with the state it works on. `base` is the emulator's own address."""

    world: World
    engine: Engine
    request: Request
    base: str

    def json(self) -> dict[str, Any]:
        """Read a JSON object; an absent body is an empty one. Anything else is a 400."""
        body = self.any_json()
        if not isinstance(body, dict):
            raise BadRequest("A JSON object is expected.")
        return body

    def flag(self, name: str) -> bool:
        """Read a yes or no of the query, in any case: Python's clients send `True`."""
        return self.request.args.get(name, "").lower() in ("true", "1")

    def any_json(self) -> Any:
        """Read any JSON; an absent body is an empty object."""
        raw = self.request.get_data()
        try:
            return json.loads(raw) if raw.strip() else {}
        except ValueError as error:
            raise BadRequest(f"The body is not JSON: {error}") from None
