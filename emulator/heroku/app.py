"""One app: its attachments, config vars, releases, dynos and log drains."""

from werkzeug.wrappers import Response

from emulator.heroku.checks import addons_of, check_app, check_config_size, find_addon
from emulator.heroku.documents import app_json, attachment_json
from emulator.heroku.postgres import database_attachments
from emulator.heroku.ranges import ranged
from emulator.heroku.system import SYSTEM
from emulator.times import iso
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/apps/<app>")
def show(call: Call, app: str) -> Response:
    """Show an app."""
    return answer(app_json(check_app(call, app)))


@SYSTEM.route("/apps/<app>/addon-attachments")
def list_attachments(call: Call, app: str) -> Response:
    """List the attachments of an app."""
    owner = check_app(call, app)
    own = [attachment_json(call.world, each) for each in addons_of(call.world, owner)]
    return ranged(call, own + database_attachments(owner))


@SYSTEM.route("/addons/<key>/addon-attachments")
def list_attachments_of_addon(call: Call, key: str) -> Response:
    """List the attachments of one add-on."""
    return answer([attachment_json(call.world, find_addon(call, key))])


@SYSTEM.route("/apps/<app>/config-vars")
def show_config_vars(call: Call, app: str) -> Response:
    """Show the config vars, a flat map."""
    return answer(check_app(call, app).config_vars)


@SYSTEM.route("/apps/<app>/config-vars", "PATCH")
def change_config_vars(call: Call, app: str) -> Response:
    """Merge config vars; null removes one. It is a release, unless nothing changes."""
    owner, changes = check_app(call, app), call.json()
    set_ones = {name: value for name, value in changes.items() if value is not None}
    check_config_size(call.world, owner, set_ones)
    call.world.set_config(owner, changes)
    return answer(owner.config_vars)


@SYSTEM.route("/apps/<app>/dynos")
def list_dynos(call: Call, app: str) -> Response:
    """List the dynos of an app; only the portal's own app has any."""
    owner = check_app(call, app)
    names = [f"run.{number}" for number in range(1, owner.dynos + 1)]
    return ranged(call, [{"id": name, "name": name, "state": "up"} for name in names])


@SYSTEM.route("/apps/<app>/releases")
def list_releases(call: Call, app: str) -> Response:
    """List the releases of an app, by their numbers alone."""
    owner = check_app(call, app)
    at = iso(owner.created_at)
    found = [
        {"id": f"{owner.id}-{number:06d}", "version": number, "created_at": at}
        for number in range(1, owner.releases + 1)
    ]
    return ranged(call, found)


@SYSTEM.route("/apps/<app>/log-drains")
def list_log_drains(call: Call, app: str) -> Response:
    """List log drains: no emulated app has any."""
    check_app(call, app)
    return answer([])
