"""A connection that breaks while it is worked on is restarted, because it may pass."""

from collections.abc import Sequence

from connect.clients import heroku_connect, http
from connect.clients.accounts import remote_of
from connect.clients.connection_detail import MappingDetail
from connect.health import causes, healing, mapping_words, states
from connect.models import BlockedKind, Connection
from connect.runner import retry
from connect.runner.outcomes import Blocked

# Which attempts in a row restart it: at once, and after about 1, 10, 35 and 120 minutes. The first
# may fall into the same outage as the trouble. The other attempts only look, so that a connection
# that recovers by itself goes on within minutes.
RESTARTS = frozenset({1, 6, 9, 11, 14})


def require_working(connection: Connection, attempts: int, state: str) -> None:
    """Raise what a connection in this state asks for. `attempts` counts them in a row, from 1."""
    if not states.is_broken(state):
        return
    if _may_pass(state):
        _restart(connection, attempts, state)
    raise states.as_blocked(state)


def require_loadable(
    connection: Connection, attempts: int, mappings: Sequence[MappingDetail]
) -> None:
    """Raise what broken mappings of a connection ask for."""
    broken = [found for found in mappings if states.is_broken_mapping(found.state)]
    if not broken:
        return
    if all(_may_pass(found.state) for found in broken):
        _restart(connection, attempts, broken[0].state)
    said = mapping_words.of_broken(connection, broken)
    raise Blocked(BlockedKind.MAPPING_BROKEN, f"Mappings cannot be loaded: {said}")


def _may_pass(state: str) -> bool:
    """Return whether a restart is the remedy of a connection in this state."""
    kind = causes.kind_of(state)
    return kind is not None and healing.is_restarted(kind)


def _restart(connection: Connection, attempts: int, state: str) -> None:
    """Restart a connection if it is time to, and have it looked at later.

    Returns only when all attempts are used up; raises Retryable before.
    """
    if attempts >= retry.MAX_ATTEMPTS:
        return
    if attempts in RESTARTS:
        heroku_connect.restart(remote_of(connection))
    raise http.Retryable(heroku_connect.SYSTEM, None, f"the connection reports {state}")
