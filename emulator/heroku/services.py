"""Add-on services and their plans, which need no token: Heroku Connect is the only one on offer."""

from werkzeug.wrappers import Response

from emulator.heroku.checks import PLANS
from emulator.heroku.documents import SERVICE, plan_json, service_json
from emulator.heroku.ranges import ranged
from emulator.heroku.system import SYSTEM, error
from emulator.state.apps import stable_id
from emulator.web.answers import answer, refuse
from emulator.web.call import Call


@SYSTEM.route("/addon-services")
def list_services(call: Call) -> Response:
    """List the services."""
    return ranged(call, [service_json()])


@SYSTEM.route("/addon-services/<service>")
def show(call: Call, service: str) -> Response:
    """Show a service by its name or id."""
    _check(service)
    return answer(service_json())


@SYSTEM.route("/addon-services/<service>/plans")
def list_plans(call: Call, service: str) -> Response:
    """List the plans of a service."""
    _check(service)
    return ranged(call, [plan_json(call.world.behaviour, name) for name in PLANS])


def _check(service: str) -> None:
    if service not in (SERVICE, stable_id(SERVICE)):
        message = "Couldn't find that add-on service."
        refuse(error(404, "not_found", message, resource="addon_service"))
