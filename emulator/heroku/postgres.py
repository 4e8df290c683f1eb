"""Postgres add-ons, attached to any number of apps under any name."""

from typing import Any

from werkzeug.wrappers import Response

from emulator.heroku.checks import check_app, check_attachment_name, check_config_size
from emulator.heroku.documents import database_json
from emulator.heroku.system import SYSTEM, error
from emulator.state.entities import App
from emulator.web.answers import answer, refuse
from emulator.web.call import Call


@SYSTEM.route("/addon-attachments", "POST")
def attach(call: Call) -> Response:
    """Attach a Postgres add-on {addon, app, name}: it sets <name>_URL, which is a release."""
    world, body = call.world, call.json()
    app = check_app(call, str(body.get("app", "")))
    addon, name = str(body.get("addon", "")), str(body.get("name") or "DATABASE").upper()
    url = world.database_addons.get(addon)
    if url is None:
        refuse(error(404, "not_found", "Couldn't find that add-on.", resource="add_on"))
    with world.lock:
        check_attachment_name(world, app, name)
        check_config_size(world, app, {f"{name}_URL": url})
        app.databases[name] = addon
        world.set_config(app, {f"{name}_URL": url})
    return answer(database_json(app, name, addon), 201)


def database_attachments(app: App) -> list[dict[str, Any]]:
    """Show the attached Postgres add-ons of an app."""
    return [database_json(app, name, addon) for name, addon in app.databases.items()]
