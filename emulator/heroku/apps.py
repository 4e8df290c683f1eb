"""Apps of the caller's account: made for it or for a team of it, and listed."""

import re
from typing import Any

from werkzeug.wrappers import Response

from emulator.heroku.documents import app_json
from emulator.heroku.ranges import ranged
from emulator.heroku.system import SYSTEM, error
from emulator.state.apps import new_app
from emulator.state.entities import App
from emulator.web.answers import answer, refuse
from emulator.web.call import Call
from emulator.web.tokens import account_of

# The pattern of Heroku's published schema: at most 30 characters.
APP_NAME = re.compile(r"[a-z][a-z0-9-]{1,28}[a-z0-9]")
REGIONS = ("us", "eu", "virginia", "oregon", "dublin", "frankfurt", "sydney", "tokyo")


@SYSTEM.route("/apps", "POST")
def create(call: Call) -> Response:
    """Make an app of the account itself."""
    return _create(call, call.json(), None)


@SYSTEM.route("/teams/apps", "POST")
def create_for_team(call: Call) -> Response:
    """Make an app of a team that the account belongs to."""
    body = call.json()
    team = str(body.get("team") or "")
    if team not in account_of(call).teams:
        refuse(error(404, "not_found", "Couldn't find that team.", resource="team"))
    return _create(call, body, team)


@SYSTEM.route("/users/~/apps")
@SYSTEM.route("/apps")
def list_apps(call: Call) -> Response:
    """List the apps of the account."""
    return ranged(call, [app_json(each) for each in _own(call)])


def _create(call: Call, body: dict[str, Any], team: str | None) -> Response:
    world = call.world
    name, region = str(body.get("name", "")), str(body.get("region") or "us")
    # Names are unique across all of Heroku; checked and taken under one lock.
    with world.lock:
        if not APP_NAME.fullmatch(name):
            refuse(error(422, "invalid_params", "Name must start with a letter"))
        taken = {each.name for each in world.all(App)} | set(world.behaviour.taken_names)
        if name in taken:
            refuse(error(422, "invalid_params", f"Name {name} is already taken"))
        if region not in REGIONS:
            refuse(error(422, "invalid_params", "Couldn't find that region."))
        if len(_own(call)) >= world.behaviour.apps_per_account:
            limit = world.behaviour.apps_per_account
            refuse(error(422, "invalid_params", f"You've reached the limit of {limit} apps"))
        app = new_app(name, account_of(call).id, world.clock.now())
        app.team, app.region = team, region
        world.put(app)
    return answer(app_json(app), 201)


def _own(call: Call) -> list[App]:
    account = account_of(call).id
    return [each for each in call.world.all(App) if each.account_id == account]
