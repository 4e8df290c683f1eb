"""Checks of what a client sends; each ends the call with an error of the Platform API."""

import re
import uuid
from typing import Any

from emulator.heroku.attached import names_in
from emulator.heroku.system import error
from emulator.state.apps import config_bytes, stable_id
from emulator.state.entities import AddOn, App
from emulator.state.world import World
from emulator.web.answers import refuse
from emulator.web.call import Call
from emulator.web.tokens import account_of

PLANS = ("demo", "enterprise", "shield")
# It makes the config var HEROKUCONNECT_URL.
FIRST_ATTACHMENT = "HEROKUCONNECT"
# The pattern of Heroku's published schema.
ADDON_NAME = re.compile(r"^[a-zA-Z][A-Za-z0-9_-]+$")
ATTACHMENT_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")


def visible_app(call: Call, key: str) -> App | None:
    """Find an app of the caller's account by its name or id."""
    account = account_of(call).id
    found = (each for each in call.world.all(App) if each.account_id == account)
    return next((each for each in found if key in (each.id, each.name)), None)


def check_app(call: Call, key: str) -> App:
    """Find an app of the caller's account by its name or id, or answer 404."""
    app = visible_app(call, key)
    if app is None:
        # Heroku's `resource` tells a missing app from a missing add-on.
        refuse(error(404, "not_found", "Couldn't find that app.", resource="app"))
    return app


def find_addon(call: Call, key: str, app: App | None = None) -> AddOn:
    """Find an add-on by id or name, of one app or of all that the caller sees, or answer 404."""
    account = account_of(call).id
    found = (each for each in call.world.all(AddOn) if key in (each.id, each.name))
    addon = next(found, None)
    owner = call.world.apps[addon.app_id] if addon else None
    if addon is None or owner is None or owner.account_id != account or app not in (None, owner):
        refuse(error(404, "not_found", "Couldn't find that add-on.", resource="add_on"))
    return addon


def reference(given: Any) -> str:
    """Read what names another thing: a name or an id, also as {"name": …} or {"id": …}."""
    if isinstance(given, dict):
        given = given.get("name") or given.get("id")
    return str(given or "")


def read_plan(given: Any) -> str:
    """Read a plan, as herokuconnect:<plan> or its id; the service alone is its plan demo."""
    by_id = {stable_id(name): name for name in (f"herokuconnect:{each}" for each in PLANS)}
    wanted = reference(given)
    service, _, plan = by_id.get(wanted, wanted).partition(":")
    if service != "herokuconnect" or (plan or "demo") not in PLANS:
        refuse(error(422, "invalid_params", "Couldn't find either the add-on service or the plan."))
    return f"herokuconnect:{plan or 'demo'}"


def check_addon_name(world: World, name: Any) -> None:
    """Refuse a name that is invalid, or taken by any add-on at Heroku."""
    if not isinstance(name, str) or not ADDON_NAME.fullmatch(name):
        refuse(error(422, "invalid_params", "Name is invalid"))
    # Names are unique across all of Heroku, so somebody else may have this one.
    taken = {each.name for each in world.all(AddOn)}
    if name in taken or name in world.behaviour.taken_names:
        refuse(error(422, "invalid_params", "Name is already taken"))


def check_attachment_name(world: World, app: App, name: str) -> None:
    """Refuse an attachment name that is invalid, or used in the app."""
    if not ATTACHMENT_NAME.fullmatch(name):
        refuse(error(422, "invalid_params", "Attachment name is invalid"))
    if name.upper() in names_in(world, app):
        refuse(error(422, "invalid_params", f"Add-on attachment name {name} is in use"))


def free_attachment_name(world: World, app: App) -> str:
    """Choose an attachment name as Heroku does when none is given."""
    if FIRST_ATTACHMENT not in names_in(world, app):
        return FIRST_ATTACHMENT
    return f"{FIRST_ATTACHMENT}_{uuid.uuid4().hex[:6].upper()}"


def addons_of(world: World, app: App) -> list[AddOn]:
    """List an app's add-ons, oldest first."""
    return [each for each in world.all(AddOn) if each.app_id == app.id]


def check_config_size(world: World, app: App, changes: dict[str, str]) -> None:
    """Refuse config vars beyond the limit of an app."""
    if config_bytes({**app.config_vars, **changes}) > world.behaviour.config_bytes:
        limit = world.behaviour.config_bytes // 1024
        refuse(error(422, "invalid_params", f"Config vars are limited to {limit}kb per app."))


def check_confirmation(world: World, app: App, attachment: str, body: dict[str, Any]) -> None:
    """Answer 423 if a config var would be overwritten and `confirm` does not name the app."""
    overwrites = f"{attachment.upper()}_URL" in app.config_vars
    if body.get("confirm") == app.name or not (overwrites or world.behaviour.confirmation_required):
        return
    message = f"This would overwrite config vars of {app.name}. Confirm with the app's name."
    refused = error(423, "confirmation_required", message)
    refused.headers["X-Confirmation-Required"] = app.name
    refuse(refused)
