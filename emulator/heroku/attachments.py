"""Attachments: made, listed, resolved and removed. Each change of them is a release of the app."""

from collections.abc import Iterable
from typing import NoReturn

from werkzeug.wrappers import Response

from emulator.heroku.attached import Attached, attached_to, attachments_of, value_of
from emulator.heroku.checks import (
    check_app,
    check_attachment_name,
    check_config_size,
    find_addon,
    free_attachment_name,
    reference,
)
from emulator.heroku.documents import attachment_json
from emulator.heroku.postgres import find_database
from emulator.heroku.ranges import ranged
from emulator.heroku.system import SYSTEM, error
from emulator.state.apps import attachment
from emulator.state.entities import AddOn, App
from emulator.state.world import World
from emulator.web.answers import answer, refuse
from emulator.web.call import Call
from emulator.web.tokens import account_of


@SYSTEM.route("/addon-attachments", "POST")
def attach(call: Call) -> Response:
    """Attach an add-on {addon, app, name?}: it sets <name>_URL."""
    world, body = call.world, call.json()
    app, wanted = check_app(call, reference(body.get("app"))), reference(body.get("addon"))
    is_database = wanted in world.database_addons
    with world.lock:
        addon = wanted if is_database else find_addon(call, wanted)
        first = "DATABASE" if is_database else free_attachment_name(world, app)
        name = str(body.get("name") or first).upper()
        check_attachment_name(world, app, name)
        value = value_of(world, addon)
        check_config_size(world, app, {f"{name}_URL": value or ""})
        _keep(world, app, addon, name)
        _release(world, app, name, value)
    made = next(each for each in attached_to(world, app) if each.name == name)
    return answer(attachment_json(call, made), 201)


@SYSTEM.route("/addon-attachments")
def list_all(call: Call) -> Response:
    """List the attachments to every app of the account."""
    return _listed(call, _visible(call))


@SYSTEM.route("/addon-attachments/<key>")
def show(call: Call, key: str) -> Response:
    """Show an attachment by its id."""
    return answer(attachment_json(call, _find(_visible(call), key)))


@SYSTEM.route("/addon-attachments/<key>", "DELETE")
def detach(call: Call, key: str) -> Response:
    """Remove an attachment; the app that pays for the add-on keeps one."""
    world = call.world
    with world.lock:
        found = _find(_visible(call), key)
        shown = attachment_json(call, found)
        if isinstance(found.addon, str):
            found.app.databases.pop(found.name)
        else:
            _check_not_last(call, found)
            kept = [each for each in found.addon.attachments if each["id"] != found.id]
            found.addon.attachments = kept
            world.put(found.addon)
        _release(world, found.app, found.name, None)
    return answer(shown)


@SYSTEM.route("/apps/<app>/addon-attachments")
def list_of_app(call: Call, app: str) -> Response:
    """List the attachments of an app."""
    return _listed(call, attached_to(call.world, check_app(call, app)))


@SYSTEM.route("/apps/<app>/addon-attachments/<key>")
def show_of_app(call: Call, app: str, key: str) -> Response:
    """Show an attachment of an app by its name or id."""
    return answer(attachment_json(call, _find(attached_to(call.world, check_app(call, app)), key)))


@SYSTEM.route("/addons/<key>/addon-attachments")
def list_of_addon(call: Call, key: str) -> Response:
    """List the attachments of one add-on."""
    database = find_database(call, key)
    if database is None:
        return _listed(call, attachments_of(call.world, find_addon(call, key)))
    return _listed(call, [each for each in _visible(call) if each.addon == database["name"]])


@SYSTEM.route("/actions/addon-attachments/resolve", "POST")
def resolve(call: Call) -> Response:
    """Find attachments {addon_attachment, app?} by name or id; `<app>::<name>` names both."""
    body = call.json()
    app, _, name = str(body.get("addon_attachment") or "").rpartition("::")
    app = app or reference(body.get("app"))
    found = attached_to(call.world, check_app(call, app)) if app else _visible(call)
    matching = [each for each in found if name in (each.id, each.name)]
    if not matching:
        _refuse_unknown()
    return answer([attachment_json(call, each) for each in matching])


def _visible(call: Call) -> list[Attached]:
    account = account_of(call).id
    apps = [each for each in call.world.all(App) if each.account_id == account]
    return [each for app in apps for each in attached_to(call.world, app)]


def _find(found: Iterable[Attached], key: str) -> Attached:
    wanted = next((each for each in found if key in (each.id, each.name)), None)
    if wanted is None:
        _refuse_unknown()
    return wanted


def _refuse_unknown() -> NoReturn:
    message = "Couldn't find that add-on attachment."
    refuse(error(404, "not_found", message, resource="add_on attachment"))


def _listed(call: Call, found: Iterable[Attached]) -> Response:
    return ranged(call, [attachment_json(call, each) for each in found])


def _keep(world: World, app: App, addon: AddOn | str, name: str) -> None:
    if isinstance(addon, str):
        app.databases[name] = addon
    else:
        addon.attachments.append(attachment(app, name, world.clock.now()))
        world.put(addon)


def _release(world: World, app: App, name: str, value: str | None) -> None:
    """Set or remove the variable of an attachment; a release even where there is none."""
    variable = f"{name}_URL"
    if app.config_vars.get(variable) == value:
        world.release(app)
    else:
        world.set_config(app, {variable: value})


def _check_not_last(call: Call, found: Attached) -> None:
    """Refuse to detach an add-on from the app that pays for it, unless another name stays."""
    addon = found.addon
    if isinstance(addon, str) or found.app.id != addon.app_id:
        return
    own = [each for each in attachments_of(call.world, addon) if each.app is found.app]
    if len(own) == 1:
        message = f"Cannot destroy last attachment to billing app for resource {addon.name}"
        refuse(error(422, "invalid_params", message))
