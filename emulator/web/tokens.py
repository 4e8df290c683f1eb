"""The token that Heroku's systems and X want."""

from emulator.state.entities import Account
from emulator.web.call import Call


def bearer_accepted(call: Call) -> bool:
    """Return whether the call carries a Bearer token, any but the revoked ones."""
    return _accepted(call, bearer_of(call))


def token_accepted(call: Call) -> bool:
    """Return the same of a token that may come as Basic too, as the Platform API takes it."""
    return _accepted(call, token_of(call))


def _accepted(call: Call, token: str) -> bool:
    return bool(token) and token not in call.world.behaviour.revoked_tokens


def token_of(call: Call) -> str:
    """Return the token of a call, as Bearer or as the password of Basic; "" without one."""
    given = call.request.authorization
    if given is not None and given.type == "basic":
        return str(given.password or "")
    return bearer_of(call)


def bearer_of(call: Call) -> str:
    """Return the Bearer token of a call, "" without one."""
    scheme, _, token = call.request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" else ""


def account_of(call: Call) -> Account:
    """Return the Heroku account that a call's token belongs to."""
    return call.world.account_of(token_of(call))
