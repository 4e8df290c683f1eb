"""Add-ons: created with asynchronous provisioning, listed, changed, removed."""

import uuid

from werkzeug.wrappers import Response

from emulator.heroku.attached import attachments_of
from emulator.heroku.checks import (
    addons_of,
    check_addon_name,
    check_app,
    check_attachment_name,
    check_config_size,
    check_confirmation,
    find_addon,
    free_attachment_name,
    read_plan,
    reference,
)
from emulator.heroku.documents import addon_json
from emulator.heroku.postgres import databases_of, find_database, is_named
from emulator.heroku.ranges import ranged
from emulator.heroku.removal import remove_addon
from emulator.heroku.system import SYSTEM, error
from emulator.state.apps import attachment
from emulator.state.entities import AddOn
from emulator.web.answers import answer, refuse
from emulator.web.call import Call
from emulator.web.tokens import account_of

# What Connect will store under the add-on's config var is known only when it is configured.
VALUE_AS_LONG_AS_A_SCHEMA = "DATABASE_URL:sf_00d000000000000aaa_1"


@SYSTEM.route("/apps/<app>/addons", "POST")
def create(call: Call, app: str) -> Response:
    """Create an add-on; it is `provisioning` for a while."""
    world = call.world
    owner = check_app(call, app)
    body = call.json()
    # Names are checked and taken under one lock, so that two calls cannot take the same one.
    with world.lock:
        plan = read_plan(body.get("plan"))
        addon_id = str(uuid.uuid4())
        name = body.get("name") or f"herokuconnect-{addon_id[:8]}"
        wanted = (body.get("attachment") or {}).get("name")
        prefix = str(wanted or free_attachment_name(world, owner))
        check_addon_name(world, name)
        check_attachment_name(world, owner, prefix)
        check_confirmation(world, owner, prefix, body)
        check_config_size(world, owner, {f"{prefix.upper()}_URL": VALUE_AS_LONG_AS_A_SCHEMA})
        now = world.clock.now()
        addon = AddOn(
            id=addon_id,
            name=name,
            app_id=owner.id,
            plan=plan,
            attachments=[attachment(owner, prefix.upper(), now)],
            config=body.get("config") or {},
            state="provisioning",
            ready_at=world.clock.seconds + world.behaviour.provisioning_seconds,
            created_at=now,
            updated_at=now,
        )
        world.put(addon)
    return answer(addon_json(call, addon), 201)


@SYSTEM.route("/apps/<app>/addons")
def list_of_app(call: Call, app: str) -> Response:
    """List the app's add-ons."""
    owner = check_app(call, app)
    call.engine.settle_addons()
    own = [addon_json(call, each) for each in addons_of(call.world, owner)]
    return ranged(call, own + databases_of(call, owner))


@SYSTEM.route("/addons")
def list_all(call: Call) -> Response:
    """List all add-ons that the account can see."""
    world, account = call.world, account_of(call).id
    call.engine.settle_addons()
    found = [each for each in world.all(AddOn) if world.apps[each.app_id].account_id == account]
    return ranged(call, [addon_json(call, each) for each in found] + databases_of(call))


@SYSTEM.route("/apps/<app>/addons/<key>")
def show(call: Call, app: str, key: str) -> Response:
    """Show an add-on by id or name."""
    owner = check_app(call, app)
    call.engine.settle_addons()
    found = next((each for each in databases_of(call, owner) if is_named(each, key)), None)
    return answer(found or addon_json(call, find_addon(call, key, owner)))


@SYSTEM.route("/addons/<key>")
def show_without_app(call: Call, key: str) -> Response:
    """Show an add-on without naming its app."""
    call.engine.settle_addons()
    return answer(find_database(call, key) or addon_json(call, find_addon(call, key)))


@SYSTEM.route("/apps/<app>/addons/<key>", "PATCH")
def change(call: Call, app: str, key: str) -> Response:
    """Change the plan, the name, or both."""
    world = call.world
    owner = check_app(call, app)
    body = call.json()
    # Observed: Heroku refuses the key here, although it takes it at the creation.
    if "attachment" in body:
        refuse(error(422, "invalid_params", "Unknown params: attachment:name."))
    with world.lock:
        addon = find_addon(call, key, owner)
        if "plan" in body:
            addon.plan = read_plan(body["plan"])
        if body.get("name") and body["name"] != addon.name:
            check_addon_name(world, body["name"])
            addon.name = body["name"]
        addon.updated_at = world.clock.now()
        world.put(addon)
    return answer(addon_json(call, addon))


@SYSTEM.route("/apps/<app>/addons/<key>", "DELETE")
def delete(call: Call, app: str, key: str) -> Response:
    """Remove an add-on and its connection; the tables stay in Postgres."""
    owner = check_app(call, app)
    addon = find_addon(call, key, owner)
    _check_not_shared(call, addon)
    remove_addon(call, addon, seconds=call.world.behaviour.deprovisioning_seconds)
    return answer(addon_json(call, addon))


@SYSTEM.route("/actions/addons/resolve", "POST")
def resolve(call: Call) -> Response:
    """Find an add-on {addon, app?} by name or id, a Postgres one by its attachment too."""
    body = call.json()
    key, app = str(body.get("addon", "")), reference(body.get("app"))
    found = find_database(call, key, app)
    return answer([found or addon_json(call, find_addon(call, key))])


def _check_not_shared(call: Call, addon: AddOn) -> None:
    """Refuse to delete an add-on that other apps have too, unless `force` is set."""
    others = {each.app.name for each in attachments_of(call.world, addon)}
    others.discard(call.world.apps[addon.app_id].name)
    if others and call.json().get("force") is not True:
        message = f"{addon.name} is attached to {', '.join(sorted(others))}: force is needed"
        refuse(error(422, "invalid_params", message))
