"""The Bearer token that Heroku's systems and X want."""

from emulator.web.call import Call


def bearer_accepted(call: Call) -> bool:
    """Return whether the call carries a Bearer token, any but the revoked ones."""
    scheme, _, token = call.request.headers.get("Authorization", "").partition(" ")
    return (
        scheme == "Bearer"
        and bool(token.strip())
        and token.strip() not in call.world.behaviour.revoked_tokens
    )
