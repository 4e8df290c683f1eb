"""Heroku Platform API: add-ons with asynchronous provisioning, attachments, config vars, account.

Source: Heroku's Platform API reference, version 3, and the partner variant for Connect ISVs.
"""

import re
import uuid
from typing import Any

from werkzeug.wrappers import Response

from emulator.heroku.heroku_documents import (
    ACCOUNT,
    addon_json,
    app_id,
    app_ref,
    attachment_json,
    plan_json,
    stable_id,
)
from emulator.state.entities import AddOn
from emulator.state.world import World
from emulator.web.web import Call, System, answer, refuse

ACCEPT = re.compile(r"application/vnd\.heroku\+json;\s*version=3(\.\w+)?")
RATE_LIMITS_PATH = "/heroku/account/rate-limits"
PLANS_PATH = "/heroku/addon-services/herokuconnect/plans"
PLANS = ("demo", "enterprise", "shield")
ADDON_NAME = re.compile(r"^[a-zA-Z][A-Za-z0-9_-]+$")
ATTACHMENT_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")
RANGE = re.compile(r"^\w+ (\]?)([^.;]*)\.\.([^;]*)(?:;\s*(?:order=\w+,?\s*)?(?:max=(\d+))?)?$")


def error(status: int, code: str, message: str, **more: Any) -> Response:
    """Word an error as the Platform API does."""
    return answer({"id": code, "message": message, **more}, status)


def _failed(status: int, description: str) -> Response:
    if status == 404:
        return error(404, "not_found", "The requested API endpoint was not found.")
    if status == 405:
        return error(405, "method_not_allowed", "The method is not allowed for this endpoint.")
    return error(status, "bad_request", description)


def _before(call: Call) -> Response | None:
    request = call.request
    if not ACCEPT.search(request.headers.get("Accept", "")):
        message = 'The "Accept" header must be "application/vnd.heroku+json; version=3".'
        return error(406, "not_acceptable", message)
    if request.path == PLANS_PATH:
        return None
    if not bearer_accepted(call):
        return error(401, "unauthorized", "Invalid credentials provided.")
    if request.path == RATE_LIMITS_PATH or _spend(call.world):
        return None
    message = "Your account reached the API rate limit. Please wait a few minutes and try again."
    return error(429, "rate_limit", message)


def _after(call: Call, response: Response) -> None:
    response.headers["RateLimit-Remaining"] = str(int(call.world.api_calls_left))


def bearer_accepted(call: Call) -> bool:
    """Tell whether the call carries a Heroku token that was not revoked."""
    scheme, _, token = call.request.headers.get("Authorization", "").partition(" ")
    return (
        scheme == "Bearer"
        and bool(token.strip())
        and token.strip() not in call.world.behaviour.revoked_tokens
    )


def _spend(world: World) -> bool:
    """Take one call from the account's hourly budget, refilled steadily; False when it is empty."""
    with world.lock:
        now = world.clock.seconds
        refill = (now - world.api_calls_counted_at) * world.behaviour.rate_limit_per_minute / 60
        world.api_calls_counted_at = now
        left = min(world.api_calls_left + refill, float(world.behaviour.rate_limit))
        world.api_calls_left = left - 1 if left >= 1 else left
        return left >= 1


SYSTEM = System("heroku", _failed, _before, _after)


# -- add-ons -------------------------------------------------------------------------------------


@SYSTEM.route("/apps/<app>/addons", "POST")
def create_addon(call: Call, app: str) -> Response:
    """Create an add-on; it is `provisioning` for a while."""
    world = call.world
    _check_app(world, app)
    body = call.json()
    with world.lock:
        plan = _plan(body)
        addon_id = str(uuid.uuid4())
        name = body.get("name") or f"herokuconnect-{addon_id[:8]}"
        attachment = str((body.get("attachment") or {}).get("name") or _free_attachment(world))
        _check_names(world, name, attachment)
        _check_confirmation(world, body)
        now = world.clock.now()
        addon = AddOn(
            id=addon_id,
            name=name,
            plan=plan,
            attachment_id=str(uuid.uuid4()),
            attachment_name=attachment.upper(),
            config=body.get("config") or {},
            state="provisioning",
            ready_at=world.clock.seconds + world.behaviour.provisioning_seconds,
            created_at=now,
            updated_at=now,
        )
        world.put(addon)
    return answer(addon_json(world, addon), 201)


@SYSTEM.route("/apps/<app>/addons")
def list_addons(call: Call, app: str) -> Response:
    """List the app's add-ons."""
    _check_app(call.world, app)
    call.engine.settle_addons()
    return _ranged(call, [addon_json(call.world, each) for each in call.world.all(AddOn)])


@SYSTEM.route("/addons")
def list_all_addons(call: Call) -> Response:
    """List all add-ons that the account can see."""
    return list_addons(call, call.world.options.app)


@SYSTEM.route("/apps/<app>/addons/<key>")
def get_addon(call: Call, app: str, key: str) -> Response:
    """Show an add-on by id or name."""
    _check_app(call.world, app)
    call.engine.settle_addons()
    return answer(addon_json(call.world, _addon(call.world, key)))


@SYSTEM.route("/addons/<key>")
def get_any_addon(call: Call, key: str) -> Response:
    """Show an add-on without naming its app."""
    return get_addon(call, call.world.options.app, key)


@SYSTEM.route("/apps/<app>/addons/<key>", "PATCH")
def change_addon(call: Call, app: str, key: str) -> Response:
    """Change the plan, and the name when one is given."""
    world = call.world
    _check_app(world, app)
    body = call.json()
    if "attachment" in body:
        refuse(error(422, "invalid_params", "Unknown params: attachment:name."))
    with world.lock:
        addon = _addon(world, key)
        addon.plan = _plan(body)
        if body.get("name") and body["name"] != addon.name:
            _check_names(world, body["name"], None)
            addon.name = body["name"]
        addon.updated_at = world.clock.now()
        world.put(addon)
    return answer(addon_json(world, addon))


@SYSTEM.route("/apps/<app>/addons/<key>", "DELETE")
def delete_addon(call: Call, app: str, key: str) -> Response:
    """Remove an add-on and its connection; the tables stay in Postgres."""
    world = call.world
    _check_app(world, app)
    body = call.json()
    addon = _addon(world, key)
    _check_confirmation(world, body)
    connection = world.connection_of(addon)
    if connection is not None:
        with world.hold(connection.id):
            call.engine.remove(connection)
    with world.lock:
        world.drop(addon)
        world.set_config({f"{addon.attachment_name}_URL": None})
        addon.state = "deprovisioned"
    return answer(addon_json(world, addon))


@SYSTEM.route("/actions/addons/resolve", "POST")
def resolve_addon(call: Call) -> Response:
    """Find add-ons by name or id."""
    return answer([addon_json(call.world, _addon(call.world, str(call.json().get("addon", ""))))])


@SYSTEM.route("/partner/connect/<slug>/addon/<key>/enroll", "POST")
def enroll(call: Call, slug: str, key: str) -> Response:
    """Tie an add-on to an ISV, whose branded page then takes the place of Heroku's log-in."""
    world = call.world
    if "version=3.partner" not in call.request.headers["Accept"]:
        refuse(error(406, "not_acceptable", "This endpoint needs version=3.partner."))
    with world.lock:
        if world.behaviour.isv_slugs and slug not in world.behaviour.isv_slugs:
            refuse(error(404, "not_found", f"Couldn't find the partner {slug}."))
        addon = _addon(world, key)
        if addon.isv_slug is not None:
            refuse(error(409, "conflict", "The add-on already belongs to an ISV."))
        addon.isv_slug = slug
        world.put(addon)
    guid = str(uuid.uuid5(uuid.NAMESPACE_DNS, slug))
    message = f"Add-on {addon.name} is enrolled with {slug}."
    return answer({"addon_uuid": addon.id, "isv_guid": guid, "isv_slug": slug, "message": message})


# -- attachments, config vars, account -----------------------------------------------------------


@SYSTEM.route("/apps/<app>/addon-attachments")
def list_attachments(call: Call, app: str) -> Response:
    """List the attachments of the app."""
    _check_app(call.world, app)
    return _ranged(call, [attachment_json(call.world, each) for each in call.world.all(AddOn)])


@SYSTEM.route("/addons/<key>/addon-attachments")
def list_attachments_of(call: Call, key: str) -> Response:
    """List the attachments of one add-on."""
    return answer([attachment_json(call.world, _addon(call.world, key))])


@SYSTEM.route("/apps/<app>")
def get_app(call: Call, app: str) -> Response:
    """Show the app."""
    _check_app(call.world, app)
    return answer(
        {**app_ref(call.world), "region": {"id": stable_id("us"), "name": "us"}, "stack": None}
    )


@SYSTEM.route("/apps/<app>/config-vars")
def get_config(call: Call, app: str) -> Response:
    """Show the config vars, a flat map."""
    _check_app(call.world, app)
    return answer(call.world.config_vars)


@SYSTEM.route("/apps/<app>/config-vars", "PATCH")
def change_config(call: Call, app: str) -> Response:
    """Merge config vars; null removes one."""
    _check_app(call.world, app)
    call.world.set_config(call.json())
    return answer(call.world.config_vars)


@SYSTEM.route("/apps/<app>/log-drains")
def list_drains(call: Call, app: str) -> Response:
    """List log drains: there are none."""
    _check_app(call.world, app)
    return answer([])


@SYSTEM.route("/account")
def account(call: Call) -> Response:
    """Show the account that every token belongs to."""
    return answer(ACCOUNT)


@SYSTEM.route("/account/rate-limits")
def rate_limits(call: Call) -> Response:
    """Show what is left of the budget; costs nothing."""
    return answer({"remaining": int(call.world.api_calls_left)})


@SYSTEM.route("/addon-services/herokuconnect/plans")
def plans(call: Call) -> Response:
    """List the plans on offer; needs no token."""
    return _ranged(call, [plan_json(name) for name in PLANS])


# -- checks --------------------------------------------------------------------------------------


def _check_app(world: World, app: str) -> None:
    if app not in (world.options.app, app_id(world)):
        refuse(error(404, "not_found", "Couldn't find that app.", resource="app"))


def _addon(world: World, key: str) -> AddOn:
    addon = next((each for each in world.all(AddOn) if key in (each.id, each.name)), None)
    if addon is None:
        refuse(error(404, "not_found", "Couldn't find that add-on.", resource="add_on"))
    return addon


def _plan(body: dict[str, Any]) -> str:
    service, _, plan = str(body.get("plan", "")).partition(":")
    if service != "herokuconnect" or (plan or "demo") not in PLANS:
        refuse(error(422, "invalid_params", "Couldn't find either the add-on service or the plan."))
    return f"herokuconnect:{plan or 'demo'}"


def _check_names(world: World, name: Any, attachment: str | None) -> None:
    if not isinstance(name, str) or not ADDON_NAME.fullmatch(name):
        refuse(error(422, "invalid_params", "Name is invalid"))
    taken = {each.name for each in world.all(AddOn)}
    if name in taken or name in world.behaviour.taken_names:
        refuse(error(422, "invalid_params", "Name is already taken"))
    if attachment is None:
        return
    if not ATTACHMENT_NAME.fullmatch(attachment):
        refuse(error(422, "invalid_params", "Attachment name is invalid"))
    if attachment.upper() in {each.attachment_name for each in world.all(AddOn)}:
        refuse(error(422, "invalid_params", f"Add-on attachment name {attachment} is in use"))


def _check_confirmation(world: World, body: dict[str, Any]) -> None:
    if not world.behaviour.confirmation_required or body.get("confirm") == world.options.app:
        return
    message = f"Confirm with the name of the app: {world.options.app}"
    refused = error(423, "confirmation_required", message)
    refused.headers["X-Confirmation-Required"] = world.options.app
    refuse(refused)


def _free_attachment(world: World) -> str:
    taken = {each.attachment_name for each in world.all(AddOn)}
    if "HEROKUCONNECT" not in taken:
        return "HEROKUCONNECT"
    return f"HEROKUCONNECT_{uuid.uuid4().hex[:6].upper()}"


def _ranged(call: Call, rows: list[dict[str, Any]]) -> Response:
    """Answer a list, cut as the Range header wants: `id ]<after>..; max=200`."""
    wanted = call.request.headers.get("Range")
    match = RANGE.match(wanted) if wanted else None
    if wanted and not match:
        refuse(error(416, "requested_range_not_satisfiable", "Invalid `Range` header."))
    after, first, last, most = match.groups() if match else ("", "", "", None)
    rows = sorted(rows, key=lambda each: str(each["id"]))
    rows = [each for each in rows if (each["id"] > first if after else each["id"] >= first)]
    rows = [each for each in rows if not last or each["id"] <= last]
    page = rows[: int(most or 200)]
    if len(page) == len(rows):
        return answer(page)
    return answer(page, 206, {"Next-Range": f"id ]{page[-1]['id']}..; max={most or 200}"})
