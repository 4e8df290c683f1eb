"""Salesforce's token endpoint: a code or a refresh token for an access token."""

import base64
import hashlib
import hmac
from typing import Any

from werkzeug.wrappers import Response

from emulator.salesforce import grants, identity
from emulator.salesforce.grants import Denied
from emulator.salesforce.logins import find_user, orgs_at
from emulator.salesforce.oauth import check_client, oauth_error, owner
from emulator.salesforce.system import OAUTH, SYSTEM
from emulator.state.entities import Code, Grant
from emulator.state.world import World
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route(f"{OAUTH}/token", "POST")
def token(call: Call, host: str) -> Response:
    """Exchange a code, or a refresh token, for an access token."""
    try:
        return _token(call, host)
    except Denied as denied:
        return oauth_error(denied)


def _token(call: Call, host: str) -> Response:
    world, form = call.world, call.request.form
    check_client(world, form.get("client_id"), form.get("client_secret"))
    # Two refreshes with the same token must not both succeed.
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


def _redeem(world: World, form: Any, host: str) -> Grant:
    """Use an authorization code up; raises Denied."""
    code = world.get(Code, form.get("code", ""))
    if code is None:
        raise Denied("invalid_grant", "invalid authorization code")
    # Dropped before the checks: a code that was shown once is worthless, also after an error.
    world.drop(code)
    if code.expires_at < world.clock.stamp:
        raise Denied("invalid_grant", "expired authorization code")
    if form.get("redirect_uri") != code.redirect_uri:
        raise Denied("redirect_uri_mismatch", "redirect_uri must match configuration")
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    if base64.urlsafe_b64encode(digest).decode().rstrip("=") != code.challenge:
        raise Denied("invalid_grant", "invalid code verifier")
    found = find_user(world, code.org_id, code.user_id)
    if found is None or found[0] not in orgs_at(world, host):
        raise Denied("invalid_grant", "authentication failure")
    return grants.issue(world, *found, code.client_id, code.scope, code.host)


def _token_document(call: Call, grant: Grant, refresh_token: str | None) -> dict[str, str]:
    org, user = owner(call.world, grant)
    issued_at = str(int(call.world.clock.stamp * 1000))
    url = identity.identity_url(call.base, grant.host, org, user)
    key = call.world.options.client_secret.encode()
    # Documented: it lets a client check that `id` and `issued_at` come from Salesforce.
    signature = hmac.new(key, (url + issued_at).encode(), hashlib.sha256).digest()
    # No expires_in: an org decides how long its sessions last, and the client finds out by a 401.
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
