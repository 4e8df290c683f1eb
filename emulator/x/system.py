"""X's API v2 as a system: its token, its problem documents, its rate-limit headers."""

from typing import Any

from werkzeug.wrappers import Response

from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.web.routing import System
from emulator.web.tokens import bearer_accepted
from emulator.x.rate_window import current_window

PROBLEMS = "https://api.x.com/2/problems/"


def _failed(status: int, description: str) -> Response:
    title = {404: "Not Found", 405: "Method Not Allowed"}.get(status, "Invalid Request")
    return problem(status, "about:blank", title, description or title)


def problem(code: int, kind: str, title: str, detail: str, **more: Any) -> Response:
    """Answer with a problem document; `kind` is the last part of its type, or the whole."""
    address = kind if ":" in kind else PROBLEMS + kind
    response = answer({**more, "title": title, "detail": detail, "type": address}, code)
    response.content_type = "application/problem+json"
    return response


def _before(call: Call) -> Response | None:
    if not bearer_accepted(call):
        return problem(401, "about:blank", "Unauthorized", "Unauthorized", status=401)
    return None


def _after(call: Call, response: Response) -> None:
    window = current_window(call.world)
    if response.status_code != 401:
        limit = call.world.behaviour.x_rate_limit
        response.headers["x-rate-limit-limit"] = str(limit)
        response.headers["x-rate-limit-remaining"] = str(max(limit - window.calls, 0))
        response.headers["x-rate-limit-reset"] = str(int(window.ends_at))


SYSTEM = System("x", _failed, _before, _after)
