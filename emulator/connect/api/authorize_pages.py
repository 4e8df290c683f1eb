"""The pages behind authorize_url: Heroku Connect's authorization in a browser.

All are at one URL, /region/oauth/authorize/<token>, as plain forms:

1. `data-page="heroku-login"`: POST step=login (email and password are ignored), or, for an add-on
   enrolled with an ISV, `data-page="branded"`: POST step=continue
2. `data-page="choose-user"`: POST user=<org id>/<user id>, the value of one of the buttons
3. `data-page="consent"`: POST user=… and decision=allow or decision=deny; answers 303 to `next`

A link that was used, has expired or never existed gives `data-page="link-expired"` (410). A user of
another org than the connection's own gives `data-page="wrong-org"` (409). A user who may not allow
Heroku Connect's app, where the org has not installed it, gives `data-page="oauth-error"` (400).
"""

from werkzeug.wrappers import Response

from emulator.connect.api.login_pages import branded, heroku_login
from emulator.connect.api.system import SYSTEM
from emulator.connect.engine import connections
from emulator.org.org import Org, User
from emulator.salesforce.login_pages import choose_user, consent
from emulator.salesforce.logins import chosen_user, login_host, orgs_at
from emulator.state.entities import AuthorizeLink, Connection
from emulator.state.world import World
from emulator.web.answers import refuse
from emulator.web.call import Call
from emulator.web.pages import SALESFORCE, message

PAGE = "/oauth/authorize/<token>"
CLIENT_NAME = "Heroku Connect"
SCOPES = ("Manage user data via APIs (api)", "Perform requests at any time (refresh_token)")


UNINSTALLED = (
    "We can't authorize you because of an OAuth error. OAUTH_APPROVAL_ERROR_GENERIC: "
    "error=invalid_client&error_description=app must be installed into org"
)


@SYSTEM.route(PAGE)
def show(call: Call, token: str) -> Response:
    """Show the next page for this link."""
    link, connection = _opened(call, token)
    # The browser needs a Heroku session as well, so Heroku's log-in comes before Salesforce's.
    if link.heroku_login:
        host = _host(link)
        return choose_user(host, orgs_at(call.world, host))
    addon = call.world.addons.get(connection.addon_id)
    # An ISV's customer has no Heroku account: the ISV programme replaces the log-in by a page.
    return branded(addon.isv_slug) if addon and addon.isv_slug else heroku_login()


@SYSTEM.route(PAGE, "POST")
def submit(call: Call, token: str) -> Response:
    """Take what a page's form sends: the log-in, the user, or the decision."""
    world, form = call.world, call.request.form
    link, connection = _opened(call, token)
    if form.get("step") in ("login", "continue"):
        link.heroku_login = True
        world.put(link)
        return _redirect(call.request.path)
    chosen = chosen_user(world, _host(link), form.get("user", ""))
    # A form that comes too early leads back to the page that is due.
    if not link.heroku_login or chosen is None:
        return _redirect(call.request.path)
    org, user = chosen
    # Since September 2025 an uninstalled connected app needs a user with this permission.
    if not (org.connect_app_installed or user.approve_uninstalled):
        return message("oauth-error", "OAuth Error", UNINSTALLED, SALESFORCE, status=400)
    if "decision" not in form:
        return consent(CLIENT_NAME, form["user"], user.username, org, SCOPES)
    # Two browsers may press at once; only one of them authorizes.
    with world.hold(connection.id):
        if form["decision"] == "allow":
            refused = _allow(world, link, connection, org, user)
            if refused is not None:
                return refused
        # A denial leads to `next` too: only the connection's state tells a client what happened.
        link.used = True
        world.put(link)
    return _redirect(link.next)


def _opened(call: Call, token: str) -> tuple[AuthorizeLink, Connection]:
    world = call.world
    link = world.get(AuthorizeLink, token)
    connection = world.connections.get(link.connection_id) if link else None
    if link is None or connection is None or link.used or link.expires_at < world.clock.stamp:
        text = "This link has been used, or it has expired. Ask for a new one."
        refuse(message("link-expired", "Link expired", text, status=410))
    return link, connection


def _host(link: AuthorizeLink) -> str:
    return login_host(link.environment, link.domain)


def _allow(
    world: World, link: AuthorizeLink, connection: Connection, org: Org, user: User
) -> Response | None:
    """Authorize the connection; answers a page when it belongs to another org already."""
    # Documented: a connection cannot be moved to another org; that needs a new add-on.
    if connection.organization_id not in (None, org.id):
        text = "This connection belongs to another Salesforce organization. Make a new add-on."
        return message("wrong-org", "Another organization", text, status=409)
    connection.environment, connection.domain = link.environment, link.domain
    # A later consent keeps the version, because a change of it is an action of its own.
    connection.api_version = (
        connection.api_version or link.api_version or world.behaviour.latest_api_version
    )
    connections.note_use(world, connection)
    connections.authorize(world, connection, org, user)
    return None


def _redirect(url: str) -> Response:
    return Response(status=303, headers={"Location": url})
