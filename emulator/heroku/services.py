"""Add-on services and their plans, which need no token: Heroku Connect and Postgres."""

from werkzeug.wrappers import Response

from emulator.heroku.checks import PLANS
from emulator.heroku.documents import (
    POSTGRES,
    SERVICE,
    plan_json,
    postgres_plan_json,
    postgres_service_json,
    service_json,
)
from emulator.heroku.ranges import ranged
from emulator.heroku.system import SYSTEM, error
from emulator.state.apps import stable_id
from emulator.web.answers import answer, refuse
from emulator.web.call import Call


@SYSTEM.route("/addon-services")
def list_services(call: Call) -> Response:
    """List the services."""
    return ranged(call, [service_json(), postgres_service_json()])


@SYSTEM.route("/addon-services/<service>")
def show(call: Call, service: str) -> Response:
    """Show a service by its name or id."""
    return answer(service_json() if _is_connect(service) else postgres_service_json())


@SYSTEM.route("/addon-services/<service>/plans")
def list_plans(call: Call, service: str) -> Response:
    """List the plans of a service."""
    if not _is_connect(service):
        return ranged(call, [postgres_plan_json()])
    return ranged(call, [plan_json(call.world.behaviour, name) for name in PLANS])


def _is_connect(service: str) -> bool:
    """Tell the two services apart, by name or id; answer 404 for any other."""
    if service in (POSTGRES, stable_id(POSTGRES)):
        return False
    if service not in (SERVICE, stable_id(SERVICE)):
        message = "Couldn't find that add-on service."
        refuse(error(404, "not_found", message, resource="addon_service"))
    return True
