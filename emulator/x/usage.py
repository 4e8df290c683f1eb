"""What X itself counts of an account's use: posts in the billing month."""

from werkzeug.wrappers import Response

from emulator.state.entities import BilledDay
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.x.system import SYSTEM, problem

PROJECT = "1"
NO_CAP = 3_000_000  # what X names on its pay-per-use plan


@SYSTEM.route("/2/usage/tweets")
def usage(call: Call) -> Response:
    """Show the posts of this month. Some accounts are not offered it (`x_usage`): 404."""
    world = call.world
    if not world.behaviour.x_usage:
        return problem(404, "about:blank", "Not Found", "Not Found", status=404)
    month = f"{world.clock.now():%Y-%m}"
    used = sum(len(each.posts) for each in world.all(BilledDay) if each.id.startswith(month))
    return answer(
        {
            "data": {
                "project_id": PROJECT,
                # Documented as text.
                "project_usage": str(used),
                "project_cap": str(world.behaviour.x_monthly_cap or NO_CAP),
                "cap_reset_day": 1,
            }
        }
    )
