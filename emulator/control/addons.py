"""/control/addons: Heroku's add-ons, those without a connection too."""

from dataclasses import asdict
from typing import Any

from werkzeug.wrappers import Response

from emulator.control.system import SYSTEM, reject
from emulator.state.entities import AddOn
from emulator.times import iso
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/addons")
def list_addons(call: Call) -> Response:
    """List the add-ons, oldest first."""
    call.engine.settle_addons()
    found = [_addon_json(each) for each in call.world.all(AddOn)]
    return answer({"count": len(found), "addons": found})


@SYSTEM.route("/addons/<addon_id>", "PATCH")
def change_addon(call: Call, addon_id: str) -> Response:
    """Change whether an add-on is `linked` to the caller of Heroku Connect."""
    addon = call.world.addons.get(addon_id)
    if addon is None:
        reject(404, "no such add-on")
    addon.linked = bool(call.json().get("linked", True))
    call.world.put(addon)
    return answer(_addon_json(addon))


def _addon_json(addon: AddOn) -> dict[str, Any]:
    times = {"created_at": iso(addon.created_at), "updated_at": iso(addon.updated_at)}
    return {**asdict(addon), **times}
