"""The account, its budget of calls, and the plans on offer."""

from werkzeug.wrappers import Response

from emulator.heroku.checks import PLANS
from emulator.heroku.documents import ACCOUNT, plan_json
from emulator.heroku.ranges import ranged
from emulator.heroku.system import SYSTEM
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/account")
def show(call: Call) -> Response:
    """Show the account that every token belongs to."""
    return answer(ACCOUNT)


@SYSTEM.route("/account/rate-limits")
def show_rate_limits(call: Call) -> Response:
    """Show how many calls are left; this call costs nothing."""
    return answer({"remaining": int(call.world.api_calls_left)})


@SYSTEM.route("/addon-services/herokuconnect/plans")
def list_plans(call: Call) -> Response:
    """List the plans on offer; needs no token."""
    return ranged(call, [plan_json(name) for name in PLANS])
