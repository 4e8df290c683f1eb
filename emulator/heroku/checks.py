"""Checks of what a client sends; each ends the call with an error of the Platform API."""

import re
import uuid
from typing import Any

from emulator.heroku.documents import is_the_app
from emulator.heroku.system import error
from emulator.state.entities import AddOn
from emulator.state.world import World
from emulator.web.answers import refuse

PLANS = ("demo", "enterprise", "shield")
# It makes the config var HEROKUCONNECT_URL.
FIRST_ATTACHMENT = "HEROKUCONNECT"
# The pattern of Heroku's published schema.
ADDON_NAME = re.compile(r"^[a-zA-Z][A-Za-z0-9_-]+$")
ATTACHMENT_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")


def check_app(world: World, app: str) -> None:
    """Answer 404 unless `app` is the name or the id of the one app."""
    if not is_the_app(world, app):
        # Heroku's `resource` tells a missing app from a missing add-on.
        refuse(error(404, "not_found", "Couldn't find that app.", resource="app"))


def find_addon(world: World, key: str) -> AddOn:
    """Find an add-on by id or name, or answer 404."""
    addon = next((each for each in world.all(AddOn) if key in (each.id, each.name)), None)
    if addon is None:
        refuse(error(404, "not_found", "Couldn't find that add-on.", resource="add_on"))
    return addon


def read_plan(body: dict[str, Any]) -> str:
    """Read `plan`, as herokuconnect:<plan>; without a plan it is demo."""
    service, _, plan = str(body.get("plan", "")).partition(":")
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


def check_attachment_name(world: World, name: str) -> None:
    """Refuse an attachment name that is invalid, or used in the app."""
    if not ATTACHMENT_NAME.fullmatch(name):
        refuse(error(422, "invalid_params", "Attachment name is invalid"))
    if name.upper() in _attachment_names(world):
        refuse(error(422, "invalid_params", f"Add-on attachment name {name} is in use"))


def free_attachment_name(world: World) -> str:
    """Choose an attachment name as Heroku does when none is given."""
    if FIRST_ATTACHMENT not in _attachment_names(world):
        return FIRST_ATTACHMENT
    return f"{FIRST_ATTACHMENT}_{uuid.uuid4().hex[:6].upper()}"


def _attachment_names(world: World) -> set[str]:
    return {each.attachment_name for each in world.all(AddOn)}


def check_confirmation(world: World, body: dict[str, Any]) -> None:
    """Answer 423 while a confirmation is required and `confirm` does not name the app."""
    if not world.behaviour.confirmation_required or body.get("confirm") == world.options.app:
        return
    message = f"Confirm with the name of the app: {world.options.app}"
    refused = error(423, "confirmation_required", message)
    refused.headers["X-Confirmation-Required"] = world.options.app
    refuse(refused)
