"""Tokens revoked, and asked about."""

from werkzeug.wrappers import Response

from emulator.salesforce import grants, identity
from emulator.salesforce.grants import Denied
from emulator.salesforce.oauth import check_client, oauth_error, owner
from emulator.salesforce.system import OAUTH, SYSTEM
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route(f"{OAUTH}/revoke", "POST")
def revoke(call: Call, host: str) -> Response:
    """Revoke a refresh token with its whole grant, or one access token."""
    world, given = call.world, call.request.form.get("token", "")
    grant = grants.find(world, given)
    if grant is None or grant.revoked:
        return oauth_error(Denied("invalid_token", "invalid token"))
    if given in grant.refresh_tokens:
        grants.revoke(world, grant)
    elif grant.access_tokens.pop(given, None) is None:
        return oauth_error(Denied("invalid_token", "invalid token"))
    world.put(grant)
    return Response(status=200)


@SYSTEM.route(f"{OAUTH}/introspect", "POST")
def introspect(call: Call, host: str) -> Response:
    """Return whether a token is valid."""
    world, form = call.world, call.request.form
    try:
        check_client(world, form.get("client_id"), form.get("client_secret"))
    except Denied as denied:
        return oauth_error(denied)
    given = form.get("token", "")
    grant = grants.of_access_token(world, given)
    kind = "access_token"
    if grant is None:
        kind, grant = "refresh_token", grants.find(world, given)
        # The earlier ones are used up.
        if grant is None or grant.revoked or given not in grant.refresh_tokens[-1:]:
            return answer({"active": False})
    org, user = owner(world, grant)
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
