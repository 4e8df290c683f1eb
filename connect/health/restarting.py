"""A connection that breaks while it is worked on is restarted, as a live one is: it may pass."""

from collections.abc import Sequence
from typing import NoReturn

from connect.clients import heroku_connect, http
from connect.clients.connection_detail import MappingDetail
from connect.health import causes, healing, states
from connect.models import BlockedKind
from connect.runner import retry
from connect.runner.outcomes import Blocked

# Which attempts in a row restart it: at once, and after about 10, 35 and 120 minutes. The others
# only look, so that a connection that recovers by itself goes on within minutes.
RESTARTS = frozenset({1, 9, 11, 14})
Address = tuple[str, str]  # its region and its id there


def require_working(address: Address, attempts: int, state: str) -> None:
    """Raise what a connection in this state asks for. `attempts` counts them in a row, from 1."""
    if not states.is_broken(state):
        return
    blocked = states.as_blocked(state)
    if _may_pass(state):
        _restart(address, attempts, state, blocked)
    raise blocked


def require_loadable(address: Address, attempts: int, mappings: Sequence[MappingDetail]) -> None:
    """Raise what broken mappings ask for."""
    broken = [found for found in mappings if states.is_broken_mapping(found.state)]
    if not broken:
        return
    named = ", ".join(f"{found.object_name} ({found.state})" for found in broken)
    blocked = Blocked(
        BlockedKind.MAPPING_BROKEN,
        f"Mappings cannot be loaded: {named}. Does the org have these objects and all their "
        "fields?",
    )
    if all(_may_pass(found.state) for found in broken):
        _restart(address, attempts, broken[0].state, blocked)
    raise blocked


def _may_pass(state: str) -> bool:
    """Return whether a restart is the remedy of a connection in this state."""
    kind = causes.kind_of(state)
    return kind is not None and healing.is_restarted(kind)


def _restart(address: Address, attempts: int, state: str, given_up: Blocked) -> NoReturn:
    """Restart a connection if it is time to, and try again later; at the end raise `given_up`."""
    if attempts >= retry.MAX_ATTEMPTS:
        raise given_up
    if attempts in RESTARTS:
        heroku_connect.restart(*address)
    raise http.Retryable(heroku_connect.SYSTEM, None, f"the connection reports {state}")
