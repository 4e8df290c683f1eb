"""The managed package's Apex REST service, through which the portal gives the org a link."""

from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from emulator.org.installed import qualified
from emulator.org.org import Org, User
from emulator.org.package import Package
from emulator.org.packages import PACKAGES
from emulator.org.refusals import Refused
from emulator.salesforce.logins import orgs_at
from emulator.salesforce.oauth import owner
from emulator.salesforce.system import SYSTEM, bearer_grant, refusal, rest_error
from emulator.state.world import World
from emulator.web.call import Call

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# The limit in a captured answer of a real org.
MAX_DAILY_CALLS = 15_000


@SYSTEM.route("/<host>/services/apexrest/<path:rest>", *METHODS)
@SYSTEM.route("/<host>/services/apexrest//<path:rest>", *METHODS)  # older portals do
def call_apex(call: Call, host: str, rest: str) -> Response:
    """Call a custom REST service of the org that this host belongs to."""
    world = call.world
    grant = bearer_grant(call)
    org = world.orgs.get(grant.org_id) if grant else None
    if grant is None or org is None or org not in orgs_at(world, host):
        return rest_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    _, user = owner(world, grant)
    response = refusal(user) or _serve(call, org, user, [part for part in rest.split("/") if part])
    used = world.salesforce_calls[org.id] = world.salesforce_calls.get(org.id, 0) + 1
    response.headers["Sforce-Limit-Info"] = f"api-usage={used}/{MAX_DAILY_CALLS}"
    return response


def _serve(call: Call, org: Org, user: User, parts: list[str]) -> Response:
    package = PACKAGES[org.package]()
    wanted = [org.namespace, package.service] if org.namespace else [package.service]
    if not org.package_installed or parts[: len(wanted)] != wanted:
        message = f"Could not find a match for URL /{'/'.join(parts)}"
        return rest_error(404, "NOT_FOUND", message)
    if not user.package_access:
        message = f"You do not have access to the Apex class named: {package.service}"
        return rest_error(403, "FORBIDDEN", message)
    if call.request.method != "POST":
        message = f"HTTP Method '{call.request.method}' not allowed. Allowed are POST"
        return rest_error(405, "METHOD_NOT_ALLOWED", message)
    body = call.json()
    # Apex maps the keys of the body to the method's parameters, and takes no others.
    unknown = set(body) - package.parameters
    if unknown or not all(isinstance(each, str) for each in body.values()):
        message = f"Unexpected parameter encountered during deserialization: {sorted(unknown)}"
        return rest_error(400, "JSON_PARSER_ERROR", message)
    link = body.get("authorizeUrl", "")
    if package.checks_link and not _is_portals(call.world, link):
        message = "The link does not lead to the configured portal."
        return rest_error(400, "INVALID_LINK", message)
    try:
        _store(call.world, org, package, body)
    except Refused as refused:
        message = f"System.DmlException: first error: {refused}"
        return rest_error(500, "APEX_ERROR", message)
    # The package's method returns void.
    return Response(b"", 200)


def _is_portals(world: World, link: str) -> bool:
    """The package takes https links to its portal's host. Here it takes http too, if the portal's
    registered callback is http."""
    portals = {urlsplit(each)[:2] for each in world.behaviour.callbacks}
    target = urlsplit(link)
    return target[:2] in portals or (
        target.scheme == "https" and target.netloc in {netloc for _, netloc in portals}
    )


def _store(world: World, org: Org, package: Package, body: dict[str, Any]) -> None:
    """Store the parameters in the first Connection__c, as the package's class does."""
    name = qualified(org.namespace, "Connection__c")
    values = {
        qualified(org.namespace, field): body.get(parameter)
        for parameter, field in package.keeps.items()
    }
    with org.lock:
        first = next((each for each in org.query(name) if not each.deleted), None)
        if first is None:
            org.create(name, values, world.clock.now())
        else:
            org.update(name, first.id, values, world.clock.now())
