"""The account, its budget of calls, and its teams."""

from werkzeug.wrappers import Response

from emulator.heroku.documents import account_json
from emulator.heroku.ranges import ranged
from emulator.heroku.system import SYSTEM
from emulator.state.apps import stable_id
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.web.tokens import account_of, token_of


@SYSTEM.route("/account")
def show(call: Call) -> Response:
    """Show the account that the token belongs to."""
    return answer(account_json(account_of(call)))


@SYSTEM.route("/oauth/authorizations")
def list_authorizations(call: Call) -> Response:
    """List the account's authorizations: here, that of the token of the call alone."""
    token = token_of(call)
    shown = {"id": stable_id(token), "token": token, "expires_in": None}
    document = {
        "id": stable_id(f"authorization {token}"),
        "description": "multiconnect",
        "scope": list(call.world.behaviour.token_scopes),
        "access_token": shown,
    }
    return ranged(call, [document])


@SYSTEM.route("/account/rate-limits")
def show_rate_limits(call: Call) -> Response:
    """Show how many calls are left; this call costs nothing."""
    return answer({"remaining": int(account_of(call).calls_left)})
