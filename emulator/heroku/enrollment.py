"""Enrolls add-ons with an ISV, through the partner variant of the Platform API."""

import uuid

from werkzeug.wrappers import Response

from emulator.heroku.checks import find_addon
from emulator.heroku.system import SYSTEM, error
from emulator.web.answers import answer, refuse
from emulator.web.call import Call


@SYSTEM.route("/partner/connect/<slug>/addon/<key>/enroll", "POST")
def enroll(call: Call, slug: str, key: str) -> Response:
    """Enroll an add-on; the ISV's page then replaces Heroku's log-in."""
    world = call.world
    if "version=3.partner" not in call.request.headers["Accept"]:
        refuse(error(406, "not_acceptable", "This endpoint needs version=3.partner."))
    with world.lock:
        if world.behaviour.isv_slugs and slug not in world.behaviour.isv_slugs:
            refuse(error(404, "not_found", f"Couldn't find the partner {slug}."))
        addon = find_addon(call, key)
        team = world.apps[addon.app_id].team
        if world.behaviour.isv_teams and team not in world.behaviour.isv_teams:
            text = "Add-on's app does not belong to the ISV's team"
            refuse(error(403, "forbidden", text))
        # Also for the same ISV, so a client that repeats the call must take it for done.
        if addon.isv_slug is not None:
            refuse(error(409, "conflict", "Add-on is already associated with an ISV"))
        addon.isv_slug = slug
        world.put(addon)
    guid = str(uuid.uuid5(uuid.NAMESPACE_DNS, slug))
    message = f"Add-on {addon.name} is enrolled with {slug}."
    return answer({"addon_uuid": addon.id, "isv_guid": guid, "isv_slug": slug, "message": message})
