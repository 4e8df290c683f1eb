"""The user behind a token: userinfo, and the identity URL."""

from werkzeug.wrappers import Response

from emulator.salesforce import identity
from emulator.salesforce.logins import find_user
from emulator.salesforce.oauth import owner
from emulator.salesforce.system import OAUTH, SYSTEM, bearer_grant, rest_error
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route(f"{OAUTH}/userinfo", "GET", "POST")
def userinfo(call: Call, host: str) -> Response:
    """Show the token's user in the form of OpenID Connect."""
    grant = bearer_grant(call)
    if grant is None:
        return Response("Bad_OAuth_Token", 403, content_type="text/plain")
    org, user = owner(call.world, grant)
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
    """Show a user; the token must be in the header, because logs keep URLs."""
    if "access_token" in call.request.args:
        text = "The emulator takes the token in the Authorization header only."
        return rest_error(400, "INVALID_REQUEST", text)
    grant = bearer_grant(call)
    if grant is None:
        return Response("Bad_OAuth_Token", 403, content_type="text/plain")
    found = find_user(call.world, org_id, user_id)
    if found is None:
        return Response("Bad_Id", 404, content_type="text/plain")
    if grant.org_id != org_id:
        return Response("Wrong_Org", 403, content_type="text/plain")
    return answer(identity.document(call.world, call.base, host, *found))
