"""The account, its budget of calls, and its teams."""

from werkzeug.wrappers import Response

from emulator.heroku.documents import account_json
from emulator.heroku.system import SYSTEM
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.web.tokens import account_of


@SYSTEM.route("/account")
def show(call: Call) -> Response:
    """Show the account that the token belongs to."""
    return answer(account_json(account_of(call)))


@SYSTEM.route("/account/rate-limits")
def show_rate_limits(call: Call) -> Response:
    """Show how many calls are left; this call costs nothing."""
    return answer({"remaining": int(account_of(call).calls_left)})
