"""Salesforce's authorize page, driven by forms.

1. `data-page="choose-user"`: POST user=<org id>/<user id>, the value of one of the buttons
2. `data-page="consent"`: POST user=… and decision=allow or decision=deny; answers 302 to
   `redirect_uri` with code and state, or with error=access_denied

A user of an org that does not have the client (`client_app`) is sent back with an error.
A wrong client_id or redirect_uri gives `data-page="oauth-error"` (400) and never a redirect.
"""

import secrets
from typing import NoReturn
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from emulator.org.org import Org
from emulator.salesforce import login_pages
from emulator.salesforce.logins import chosen_user, orgs_at
from emulator.salesforce.system import OAUTH, SYSTEM
from emulator.state.entities import Code
from emulator.web import pages
from emulator.web.answers import refuse
from emulator.web.call import Call

CLIENT_NAME = "Multiconnect"
SCOPES = {
    "api": "Manage user data via APIs (api)",
    "id": "Access the identity URL service (id, profile, email, address, phone)",
    "profile": "Access the identity URL service (id, profile, email, address, phone)",
    "email": "Access the identity URL service (id, profile, email, address, phone)",
    "openid": "Access unique user identifiers (openid)",
    "web": "Manage user data via Web browsers (web)",
    "full": "Full access (full)",
    "refresh_token": "Perform requests at any time (refresh_token, offline_access)",
    "offline_access": "Perform requests at any time (refresh_token, offline_access)",
}
DEFAULT_SCOPE = "api id refresh_token"


@SYSTEM.route(f"{OAUTH}/authorize")
def show(call: Call, host: str) -> Response:
    """Show the log-in page of this host."""
    _check_request(call)
    hint = call.request.args.get("login_hint", "")
    return login_pages.choose_user(host, orgs_at(call.world, host), hint)


@SYSTEM.route(f"{OAUTH}/authorize", "POST")
def decide(call: Call, host: str) -> Response:
    """Take the chosen user, then the decision."""
    world, args, form = call.world, call.request.args, call.request.form
    _check_request(call)
    chosen = chosen_user(world, host, form.get("user", ""))
    if chosen is None:
        return show(call, host)
    org, user = chosen
    _check_client_app(call, org)
    scope = args.get("scope") or DEFAULT_SCOPE
    if "decision" not in form:
        # Several scopes have the same sentence, which is shown once.
        wanted = dict.fromkeys(SCOPES[each] for each in scope.split())
        return login_pages.consent(CLIENT_NAME, form["user"], user.username, org, wanted)
    if form["decision"] != "allow":
        return _redirect(
            call, error="access_denied", error_description="end-user denied authorization"
        )
    code = Code(
        id=f"aPrx{secrets.token_urlsafe(40)}",
        org_id=org.id,
        user_id=user.id,
        client_id=args["client_id"],
        redirect_uri=args["redirect_uri"],
        challenge=args["code_challenge"],
        scope=scope,
        host=host,
        expires_at=world.clock.stamp + world.behaviour.code_seconds,
    )
    world.put(code)
    return _redirect(call, code=code.id)


def _check_request(call: Call) -> None:
    """Refuse a wrong request: on a page while the redirect URI is not proven, else by redirect."""
    args, world = call.request.args, call.world
    if args.get("client_id") != world.options.client_id:
        _refuse_page("invalid_client_id", "client identifier invalid")
    if args.get("redirect_uri") not in world.behaviour.callbacks:
        _refuse_page("redirect_uri_mismatch", "redirect_uri must match configuration")
    if args.get("response_type") != "code":
        refuse(_redirect(call, error="unsupported_response_type", error_description="use code"))
    # Salesforce demands PKCE from partners, from those with a client secret too.
    if not args.get("code_challenge"):
        text = "missing required code challenge"
        refuse(_redirect(call, error="invalid_request", error_description=text))
    if args.get("code_challenge_method") != "S256":
        text = "code_challenge_method must be S256"
        refuse(_redirect(call, error="invalid_request", error_description=text))
    if any(each not in SCOPES for each in args.get("scope", "").split()):
        text = "the requested scope is invalid, unknown, or malformed"
        refuse(_redirect(call, error="invalid_scope", error_description=text))


def _check_client_app(call: Call, org: Org) -> None:
    """Refuse an External Client App where it is not installed. Only a packaged one can be."""
    kind = call.world.behaviour.client_app
    if kind == "local":
        text = "Cross-org OAuth flows are not supported for this external client app"
        refuse(_redirect(call, error="OAUTH_AUTHORIZATION_BLOCKED", error_description=text))
    if kind == "packaged" and not org.package_installed:
        text = "external client app is not installed in this org"
        refuse(_redirect(call, error="OAUTH_EC_APP_NOT_FOUND", error_description=text))


def _refuse_page(code: str, description: str) -> NoReturn:
    text = f"error={code}&error_description={description}"
    refuse(pages.message("oauth-error", "OAuth Error", text, pages.SALESFORCE))


def _redirect(call: Call, **result: str) -> Response:
    args = call.request.args
    state = {"state": args["state"]} if "state" in args else {}
    target = args["redirect_uri"]
    separator = "&" if "?" in target else "?"
    url = f"{target}{separator}{urlencode({**result, **state})}"
    return Response(status=302, headers={"Location": url})
