"""Salesforce's OAuth 2.0 web-server flow and identity service, for every host of every org.

The path's first part is the host that the real URL would have: login.salesforce.com for production,
test.salesforce.com for sandboxes, or an org's My Domain. The authorize page is driven by forms:

1. `data-page="choose-user"`: POST user=<org id>/<user id>, the value of one of the buttons
2. `data-page="consent"`: POST user=… and decision=allow or decision=deny; answers 302 to
   `redirect_uri` with code and state, or with error=access_denied

A wrong client_id or redirect_uri gives `data-page="oauth-error"` (400) and never a redirect.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Any, NoReturn
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from emulator.org.org import Org, User
from emulator.salesforce import grants, identity
from emulator.salesforce.grants import Denied
from emulator.state.entities import Code, Grant
from emulator.state.world import World
from emulator.web import pages
from emulator.web.web import Call, System, answer, refuse

OAUTH = "/<host>/services/oauth2"
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


def rest_error(status: int, code: str, message: str) -> Response:
    """Word an error as Salesforce's REST APIs do: as a list."""
    return answer([{"message": message, "errorCode": code}], status)


def _failed(status: int, description: str) -> Response:
    if status == 405:
        return rest_error(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed.")
    if status == 404:
        return rest_error(404, "NOT_FOUND", "The requested resource does not exist")
    return rest_error(status, "JSON_PARSER_ERROR", description)


SYSTEM = System("salesforce", _failed)


# -- authorize -----------------------------------------------------------------------------------


@SYSTEM.route(f"{OAUTH}/authorize")
def authorize(call: Call, host: str) -> Response:
    """Show the log-in of this host."""
    _check_request(call)
    hint = call.request.args.get("login_hint", "")
    return pages.choose_user(host, identity.orgs_at(call.world, host), hint)


@SYSTEM.route(f"{OAUTH}/authorize", "POST")
def decide(call: Call, host: str) -> Response:
    """Take the choice of a user, then the decision."""
    world, args, form = call.world, call.request.args, call.request.form
    _check_request(call)
    org_id, _, user_id = form.get("user", "").partition("/")
    found = identity.find_user(world, org_id, user_id)
    if found is None or found[0] not in identity.orgs_at(world, host):
        return authorize(call, host)
    scope = args.get("scope") or DEFAULT_SCOPE
    if "decision" not in form:
        wanted = dict.fromkeys(SCOPES[each] for each in scope.split())
        return pages.consent("Multiconnect", form["user"], found[1].username, found[0], wanted)
    if form["decision"] != "allow":
        return _back(call, error="access_denied", error_description="end-user denied authorization")
    code = Code(
        id=f"aPrx{secrets.token_urlsafe(40)}",
        org_id=org_id,
        user_id=user_id,
        client_id=args["client_id"],
        redirect_uri=args["redirect_uri"],
        challenge=args["code_challenge"],
        scope=scope,
        host=host,
        expires_at=world.clock.stamp + world.behaviour.code_seconds,
    )
    world.put(code)
    return _back(call, code=code.id)


def _check_request(call: Call) -> None:
    """Refuse a wrong request: on a page while the way back is not proven, else on the way back."""
    args, world = call.request.args, call.world
    if args.get("client_id") != world.options.client_id:
        _refuse_page("invalid_client_id", "client identifier invalid")
    if args.get("redirect_uri") not in world.behaviour.callbacks:
        _refuse_page("redirect_uri_mismatch", "redirect_uri must match configuration")
    if args.get("response_type") != "code":
        refuse(_back(call, error="unsupported_response_type", error_description="use code"))
    if not args.get("code_challenge"):
        text = "missing required code challenge"
        refuse(_back(call, error="invalid_request", error_description=text))
    if args.get("code_challenge_method") != "S256":
        text = "code_challenge_method must be S256"
        refuse(_back(call, error="invalid_request", error_description=text))
    if any(each not in SCOPES for each in args.get("scope", "").split()):
        text = "the requested scope is invalid, unknown, or malformed"
        refuse(_back(call, error="invalid_scope", error_description=text))


def _refuse_page(code: str, description: str) -> NoReturn:
    text = f"error={code}&error_description={description}"
    refuse(pages.message("oauth-error", "OAuth Error", text, pages.SALESFORCE))


def _back(call: Call, **result: str) -> Response:
    args = call.request.args
    state = {"state": args["state"]} if "state" in args else {}
    target = args["redirect_uri"]
    joint = "&" if "?" in target else "?"
    url = f"{target}{joint}{urlencode({**result, **state})}"
    return Response(status=302, headers={"Location": url})


# -- token ---------------------------------------------------------------------------------------


@SYSTEM.route(f"{OAUTH}/token", "POST")
def token(call: Call, host: str) -> Response:
    """Exchange a code, or a refresh token, for an access token."""
    try:
        return _token(call, host)
    except Denied as denied:
        return _oauth_error(denied)


def _token(call: Call, host: str) -> Response:
    world, form = call.world, call.request.form
    _check_client(world, form.get("client_id"), form.get("client_secret"))
    with world.lock:
        if form.get("grant_type") == "authorization_code":
            grant = _redeem(world, form, host)
            renewed = None
            if {"refresh_token", "offline_access"} & set(grant.scope.split()):
                renewed = grants.new_refresh_token(world, grant)
        elif form.get("grant_type") == "refresh_token":
            grant = grants.refresh(world, form.get("refresh_token", ""), form["client_id"])
            rotates = world.behaviour.rotate_refresh_tokens
            renewed = grants.new_refresh_token(world, grant) if rotates else None
        else:
            raise Denied("unsupported_grant_type", "grant type not supported")
        return answer(_token_document(call, grant, renewed))


def _check_client(world: World, client_id: str | None, secret: str | None) -> None:
    if client_id != world.options.client_id:
        raise Denied("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(secret or "", world.options.client_secret):
        raise Denied("invalid_client", "invalid client credentials")


def _redeem(world: World, form: Any, host: str) -> Grant:
    """Spend an authorization code; raises Denied."""
    code = world.get(Code, form.get("code", ""))
    if code is None:
        raise Denied("invalid_grant", "invalid authorization code")
    world.drop(code)
    if code.expires_at < world.clock.stamp:
        raise Denied("invalid_grant", "expired authorization code")
    if form.get("redirect_uri") != code.redirect_uri:
        raise Denied("redirect_uri_mismatch", "redirect_uri must match configuration")
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if base64.urlsafe_b64encode(digest).decode().rstrip("=") != code.challenge:
        raise Denied("invalid_grant", "invalid code verifier")
    found = identity.find_user(world, code.org_id, code.user_id)
    if found is None or found[0] not in identity.orgs_at(world, host):
        raise Denied("invalid_grant", "authentication failure")
    return grants.issue(world, *found, code.client_id, code.scope, code.host)


def _token_document(call: Call, grant: Grant, refresh_token: str | None) -> dict[str, str]:
    org, user = _owner(call.world, grant)
    issued_at = str(int(call.world.clock.stamp * 1000))
    url = identity.identity_url(call.base, grant.host, org, user)
    key = call.world.options.client_secret.encode()
    signature = hmac.new(key, (url + issued_at).encode(), hashlib.sha256).digest()
    document = {
        "access_token": grants.new_access_token(call.world, grant),
        "signature": base64.b64encode(signature).decode(),
        "scope": grant.scope,
        "instance_url": identity.instance_url(call.base, org),
        "id": url,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }
    if refresh_token:
        document["refresh_token"] = refresh_token
    return document


def _owner(world: World, grant: Grant) -> tuple[Org, User]:
    found = identity.find_user(world, grant.org_id, grant.user_id)
    if found is None:
        raise Denied("invalid_grant", "inactive user")
    return found


def _oauth_error(denied: Denied) -> Response:
    return answer({"error": denied.code, "error_description": denied.description}, 400)


# -- what a token is good for --------------------------------------------------------------------


@SYSTEM.route(f"{OAUTH}/revoke", "POST")
def revoke(call: Call, host: str) -> Response:
    """Revoke a refresh token with its whole family, or one access token."""
    world, given = call.world, call.request.form.get("token", "")
    grant = grants.family(world, given)
    if grant is None or grant.revoked:
        return _oauth_error(Denied("invalid_token", "invalid token"))
    if given in grant.refresh_tokens:
        grants.revoke(world, grant)
    elif grant.access_tokens.pop(given, None) is None:
        return _oauth_error(Denied("invalid_token", "invalid token"))
    world.put(grant)
    return Response(status=200)


@SYSTEM.route(f"{OAUTH}/introspect", "POST")
def introspect(call: Call, host: str) -> Response:
    """Tell whether a token is good."""
    world, form = call.world, call.request.form
    try:
        _check_client(world, form.get("client_id"), form.get("client_secret"))
    except Denied as denied:
        return _oauth_error(denied)
    given = form.get("token", "")
    grant = grants.of_access_token(world, given)
    kind = "access_token"
    if grant is None:
        kind, grant = "refresh_token", grants.family(world, given)
        if grant is None or grant.revoked or given not in grant.refresh_tokens[-1:]:
            return answer({"active": False})
    org, user = _owner(world, grant)
    now = int(world.clock.stamp)
    return answer(
        {
            "active": True,
            "scope": grant.scope,
            "client_id": grant.client_id,
            "username": user.username,
            "sub": identity.identity_url(call.base, grant.host, org, user),
            "token_type": kind,
            "exp": now + int(world.behaviour.access_token_seconds),
            "iat": now,
            "nbf": now,
        }
    )


@SYSTEM.route(f"{OAUTH}/userinfo", "GET", "POST")
def userinfo(call: Call, host: str) -> Response:
    """Show the token's user, in OpenID Connect's words."""
    grant = bearer_grant(call)
    if grant is None:
        return Response("Bad_OAuth_Token", 403, content_type="text/plain")
    org, user = _owner(call.world, grant)
    return answer(
        {
            "sub": identity.identity_url(call.base, grant.host, org, user),
            "user_id": user.id,
            "organization_id": org.id,
            "preferred_username": user.username,
            "email": user.email,
            "email_verified": True,
            "name": f"{user.first_name} {user.last_name}",
        }
    )


@SYSTEM.route("/<host>/id/<org_id>/<user_id>")
def show_identity(call: Call, host: str, org_id: str, user_id: str) -> Response:
    """Show a user; the token must be in the header, where no log keeps it."""
    if "access_token" in call.request.args:
        text = "The emulator takes the token in the Authorization header only."
        return rest_error(400, "INVALID_REQUEST", text)
    grant = bearer_grant(call)
    if grant is None:
        return Response("Bad_OAuth_Token", 403, content_type="text/plain")
    found = identity.find_user(call.world, org_id, user_id)
    if found is None:
        return Response("Bad_Id", 404, content_type="text/plain")
    if grant.org_id != org_id:
        return Response("Wrong_Org", 403, content_type="text/plain")
    return answer(identity.document(call.world, call.base, host, *found))


def bearer_grant(call: Call) -> Grant | None:
    """The token family behind the call's Authorization header, if the token is good."""
    scheme, _, given = call.request.headers.get("Authorization", "").partition(" ")
    return grants.of_access_token(call.world, given) if scheme in ("Bearer", "OAuth") else None
