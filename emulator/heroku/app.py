"""The app: its attachments, config vars and log drains."""

from werkzeug.wrappers import Response

from emulator.heroku.checks import check_app, find_addon
from emulator.heroku.documents import app_ref, attachment_json, stable_id
from emulator.heroku.ranges import ranged
from emulator.heroku.system import SYSTEM
from emulator.state.entities import AddOn
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/apps/<app>")
def show(call: Call, app: str) -> Response:
    """Show the app."""
    check_app(call.world, app)
    region = {"id": stable_id("us"), "name": "us"}
    return answer({**app_ref(call.world), "region": region, "stack": None})


@SYSTEM.route("/apps/<app>/addon-attachments")
def list_attachments(call: Call, app: str) -> Response:
    """List the attachments of the app."""
    check_app(call.world, app)
    return ranged(call, [attachment_json(call.world, each) for each in call.world.all(AddOn)])


@SYSTEM.route("/addons/<key>/addon-attachments")
def list_attachments_of_addon(call: Call, key: str) -> Response:
    """List the attachments of one add-on."""
    return answer([attachment_json(call.world, find_addon(call.world, key))])


@SYSTEM.route("/apps/<app>/config-vars")
def show_config_vars(call: Call, app: str) -> Response:
    """Show the config vars, a flat map."""
    check_app(call.world, app)
    return answer(call.world.config_vars)


@SYSTEM.route("/apps/<app>/config-vars", "PATCH")
def change_config_vars(call: Call, app: str) -> Response:
    """Merge config vars; null removes one."""
    check_app(call.world, app)
    call.world.set_config(call.json())
    return answer(call.world.config_vars)


@SYSTEM.route("/apps/<app>/log-drains")
def list_log_drains(call: Call, app: str) -> Response:
    """List log drains: the emulated app has none."""
    check_app(call.world, app)
    return answer([])
