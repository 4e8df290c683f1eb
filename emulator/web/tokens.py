"""The Bearer token that Heroku's systems and X want."""

from emulator.state.entities import Account
from emulator.web.call import Call


def bearer_accepted(call: Call) -> bool:
    """Return whether the call carries a Bearer token, any but the revoked ones."""
    token = bearer_of(call)
    return bool(token) and token not in call.world.behaviour.revoked_tokens


def bearer_of(call: Call) -> str:
    """Return the Bearer token of a call, "" without one."""
    scheme, _, token = call.request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" else ""


def account_of(call: Call) -> Account:
    """Return the Heroku account that a call's token belongs to."""
    return call.world.account_of(bearer_of(call))
