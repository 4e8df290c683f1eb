"""What the OAuth endpoints share: the check of the client, a grant's user, the form of an error."""

import hmac

from werkzeug.wrappers import Response

from emulator.org.org import Org, User
from emulator.salesforce.grants import Denied
from emulator.salesforce.logins import find_user
from emulator.state.entities import Grant
from emulator.state.world import World
from emulator.web.answers import answer


def check_client(world: World, client_id: str | None, secret: str | None) -> None:
    """Check a connected app's key and secret; raises Denied."""
    if client_id != world.options.client_id:
        raise Denied("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(secret or "", world.options.client_secret):
        raise Denied("invalid_client", "invalid client credentials")


def owner(world: World, grant: Grant) -> tuple[Org, User]:
    """Find the user who gave a grant; raises Denied when that user is gone."""
    found = find_user(world, grant.org_id, grant.user_id)
    if found is None:
        raise Denied("invalid_grant", "inactive user")
    return found


def oauth_error(denied: Denied) -> Response:
    """Answer with a denial."""
    return answer({"error": denied.code, "error_description": denied.description}, 400)
