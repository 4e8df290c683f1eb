"""One app: its config vars, releases, dynos, collaborators and log drains."""

from werkzeug.wrappers import Response

from emulator.heroku.app_documents import collaborator_json, dyno_json, release_json
from emulator.heroku.checks import check_app, check_config_size
from emulator.heroku.documents import app_json
from emulator.heroku.ranges import ranged
from emulator.heroku.removal import remove_app
from emulator.heroku.system import SYSTEM, error
from emulator.web.answers import answer, refuse
from emulator.web.call import Call


@SYSTEM.route("/apps/<app>")
def show(call: Call, app: str) -> Response:
    """Show an app."""
    return answer(app_json(check_app(call, app)))


@SYSTEM.route("/apps/<app>", "DELETE")
def delete(call: Call, app: str) -> Response:
    """Delete an app with its add-ons; not the one that the emulator was started for."""
    found = check_app(call, app)
    if found is call.world.own_app:
        message = f"The emulator was started for {found.name}, which stays."
        refuse(error(422, "invalid_params", message))
    remove_app(call, found)
    return answer(app_json(found))


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
    return ranged(call, [dyno_json(owner, number) for number in range(1, owner.dynos + 1)])


@SYSTEM.route("/apps/<app>/releases")
def list_releases(call: Call, app: str) -> Response:
    """List the releases of an app; their numbers are true, their times are the app's own."""
    owner = check_app(call, app)
    return ranged(call, [release_json(owner, number) for number in range(1, owner.releases + 1)])


@SYSTEM.route("/apps/<app>/collaborators")
def list_collaborators(call: Call, app: str) -> Response:
    """List the collaborators of an app: its owner alone."""
    return ranged(call, [collaborator_json(check_app(call, app))])


@SYSTEM.route("/apps/<app>/pipeline-couplings")
def show_pipeline(call: Call, app: str) -> Response:
    """Answer 404: no emulated app is in a pipeline."""
    check_app(call, app)
    return error(404, "not_found", "Couldn't find that pipeline.", resource="pipeline")


@SYSTEM.route("/apps/<app>/log-drains")
def list_log_drains(call: Call, app: str) -> Response:
    """List log drains: no emulated app has any."""
    check_app(call, app)
    return answer([])
