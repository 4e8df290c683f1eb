"""/control/calls: the log of calls."""

import re

from werkzeug.wrappers import Response

from emulator.control.system import SYSTEM
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/calls")
def calls(call: Call) -> Response:
    """Show the log of calls, oldest first; `system` and `path` (a regex) narrow it."""
    system, path = call.request.args.get("system"), call.request.args.get("path", "")
    found = [
        each
        # A copy: other threads append, and Python refuses to go on over a deque that has grown.
        for each in list(call.world.calls)
        if system in (None, each["system"]) and re.search(path, each["path"])
    ]
    return answer({"count": len(found), "calls": found})


@SYSTEM.route("/calls", "DELETE")
def clear_calls(call: Call) -> Response:
    """Empty the log of calls."""
    call.world.calls.clear()
    return Response(status=204)
