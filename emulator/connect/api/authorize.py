"""The pages behind authorize_url: a browser's way through Heroku Connect's authorisation.

All on one URL, /region/oauth/authorize/<token>, driven by plain forms:

1. `data-page="heroku-login"`: POST step=login (email and password are ignored), or, for an add-on
   enrolled with an ISV, `data-page="branded"`: POST step=continue
2. `data-page="choose-user"`: POST user=<org id>/<user id>, the value of one of the buttons
3. `data-page="consent"`: POST user=… and decision=allow or decision=deny; answers 303 to `next`

A link that was used, ran out or never was gives `data-page="link-expired"` (410); a user of another
org than the one that the connection belongs to already, `data-page="wrong-org"` (409).
"""

from werkzeug.wrappers import Response

from emulator.connect.api.region import SYSTEM
from emulator.connect.engine import connections
from emulator.org.org import Org, User
from emulator.salesforce import identity
from emulator.state.entities import AuthorizeLink, Connection
from emulator.state.world import World
from emulator.web import pages
from emulator.web.web import Call, refuse

PAGE = "/oauth/authorize/<token>"
APP = "Heroku Connect"
SCOPES = ("Manage user data via APIs (api)", "Perform requests at any time (refresh_token)")


@SYSTEM.route(PAGE)
def show(call: Call, token: str) -> Response:
    """Show the page that comes next for this link."""
    link, connection = _opened(call, token)
    if not link.heroku_login:
        addon = call.world.addons.get(connection.addon_id)
        return pages.branded(addon.isv_slug) if addon and addon.isv_slug else pages.heroku_login()
    return pages.choose_user(_host(link), identity.orgs_at(call.world, _host(link)))


@SYSTEM.route(PAGE, "POST")
def act(call: Call, token: str) -> Response:
    """Take one step of the way."""
    world, form = call.world, call.request.form
    link, connection = _opened(call, token)
    if form.get("step") in ("login", "continue"):
        link.heroku_login = True
        world.put(link)
        return _see(call.request.path)
    chosen = _chosen(world, link, form.get("user", ""))
    if not link.heroku_login or chosen is None:
        return _see(call.request.path)
    org, user = chosen
    if "decision" not in form:
        return pages.consent(APP, form["user"], user.username, org, SCOPES)
    with world.hold(connection.id):
        if form["decision"] == "allow":
            refused = _allow(world, link, connection, org, user)
            if refused is not None:
                return refused
        link.used = True
        world.put(link)
    return _see(link.next)


def _opened(call: Call, token: str) -> tuple[AuthorizeLink, Connection]:
    world = call.world
    link = world.get(AuthorizeLink, token)
    connection = world.connections.get(link.connection_id) if link else None
    if link is None or connection is None or link.used or link.expires_at < world.clock.stamp:
        text = "This link has been used, or it has expired. Ask for a new one."
        refuse(pages.message("link-expired", "Link expired", text, status=410))
    return link, connection


def _host(link: AuthorizeLink) -> str:
    if link.environment == "custom":
        return str(link.domain)
    return identity.TEST if link.environment == "sandbox" else identity.LOGIN


def _chosen(world: World, link: AuthorizeLink, value: str) -> tuple[Org, User] | None:
    """The user that was chosen, if that one can log in at the link's host."""
    org_id, _, user_id = value.partition("/")
    if org_id not in {each.id for each in identity.orgs_at(world, _host(link))}:
        return None
    return identity.find_user(world, org_id, user_id)


def _allow(
    world: World, link: AuthorizeLink, connection: Connection, org: Org, user: User
) -> Response | None:
    """Authorise the connection; answers a page when it belongs to another org already."""
    if connection.organization_id not in (None, org.id):
        text = "This connection belongs to another Salesforce organization. Make a new add-on."
        return pages.message("wrong-org", "Another organization", text, status=409)
    connection.environment, connection.domain = link.environment, link.domain
    connection.api_version = (
        connection.api_version or link.api_version or world.behaviour.latest_api_version
    )
    connections.note_use(world, connection)
    connections.authorize(world, connection, org, user)
    return None


def _see(url: str) -> Response:
    return Response(status=303, headers={"Location": url})
