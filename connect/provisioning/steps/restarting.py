"""A connection that breaks while it is loaded is restarted, as a live one is: it may pass."""

from typing import NoReturn

from connect.clients import heroku_connect, http
from connect.health import causes, healing
from connect.runner import retry
from connect.runner.lease import Claim
from connect.runner.outcomes import Blocked

# Which attempts in a row restart it: at once, and after about 10, 35 and 120 minutes. The others
# only look, so that a connection that recovers by itself goes on within minutes.
RESTARTS = frozenset({1, 9, 11, 14})


def may_pass(state: str) -> bool:
    """Return whether a restart is the remedy of a connection in this state."""
    kind = causes.kind_of(state)
    return kind is not None and healing.is_restarted(kind)


def restart(claim: Claim, state: str, given_up: Blocked) -> NoReturn:
    """Restart a connection if it is time to, and try again later; at the end raise `given_up`."""
    connection = claim.connection
    if connection.attempts >= retry.MAX_ATTEMPTS:
        raise given_up
    if connection.attempts in RESTARTS:
        heroku_connect.restart(connection.region_url, connection.connection_id)
    raise http.Retryable(heroku_connect.SYSTEM, None, f"the connection reports {state}")
