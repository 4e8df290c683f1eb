"""/control/orgs: orgs listed, made, shown, and their users changed."""

from dataclasses import replace
from typing import Any

from werkzeug.wrappers import Response

from emulator.control.org_documents import find_org, org_json
from emulator.control.records import create_all
from emulator.control.system import SYSTEM, reject
from emulator.org import ids
from emulator.org.new_org import new_org
from emulator.org.org import Org, User
from emulator.org.packages import PACKAGES
from emulator.web.answers import answer
from emulator.web.call import Call

ENVIRONMENTS = ("production", "sandbox", "custom")
PERMISSIONS = ("view_all_data", "api_enabled", "package_access", "approve_uninstalled")  # of a user


@SYSTEM.route("/orgs")
def list_orgs(call: Call) -> Response:
    """List the orgs."""
    found = [org_json(call, each) for each in list(call.world.orgs.values())]
    return answer({"count": len(found), "orgs": found})


@SYSTEM.route("/orgs", "POST")
def create_org(call: Call) -> Response:
    """Make an org with its administrator, and records when some are given."""
    world = call.world
    body = call.json()
    given = str(body.get("org_id") or world.new_org_id())
    org_id = ids.canonical(given)
    if org_id is None or not org_id.startswith("00D"):
        reject(400, f"not an org id: {given}")
    environment = body.get("environment", "production")
    if environment not in ENVIRONMENTS:
        reject(400, f"environment is one of {', '.join(ENVIRONMENTS)}")
    package = str(body.get("package") or "current")
    if package not in PACKAGES:
        reject(400, f"package is one of {', '.join(PACKAGES)}")
    with world.lock:
        if org_id in world.orgs:
            reject(409, f"org {org_id} is there already")
        org = new_org(
            org_id,
            str(body.get("name") or "Example Org"),
            environment=environment,
            my_domain=str(body.get("my_domain") or "").lower(),
            namespace=str(body.get("namespace") or ""),
            package_installed=bool(body.get("package_installed", True)),
            package=package,
            admin_email=str(body.get("admin_email") or "admin@example.com"),
        )
        org.users += [_user(org, number, each) for number, each in enumerate(body.get("users", []))]
        world.add_org(org)
    create_all(world, org, body.get("records", {}))
    return answer(org_json(call, org), 201)


def _user(org: Org, number: int, given: dict[str, Any]) -> User:
    """Read another user of a new org; only `username` is required."""
    username = str(given["username"])
    return User(
        # A part of the org's id keeps the users of two orgs apart.
        ids.make("005" + org.id[6:12], number + 1),
        username,
        str(given.get("email", username)),
        str(given.get("first_name", "Uma")),
        str(given.get("last_name", "User")),
        *(bool(given.get(each, True)) for each in PERMISSIONS),
    )


@SYSTEM.route("/orgs/<org_id>")
def show_org(call: Call, org_id: str) -> Response:
    """Show an org."""
    return answer(org_json(call, find_org(call, org_id)))


@SYSTEM.route("/orgs/<org_id>/users/<user_id>", "PATCH")
def change_user(call: Call, org_id: str, user_id: str) -> Response:
    """Change what a user may do, by the names of PERMISSIONS."""
    org = find_org(call, org_id)
    if user_id not in {each.id for each in org.users}:
        reject(404, "no such user")
    body = call.json()
    allowed: dict[str, Any] = {each: bool(body[each]) for each in PERMISSIONS if each in body}
    org.users = [replace(each, **allowed) if each.id == user_id else each for each in org.users]
    call.world.save_org(org)
    return answer(org_json(call, org))
