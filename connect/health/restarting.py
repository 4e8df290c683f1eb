"""A connection that breaks while it is worked on is restarted, because it may pass."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from connect.clients import heroku_connect, http
from connect.clients.accounts import remote_of
from connect.clients.connection_detail import MappingDetail
from connect.health import causes, healing, mapping_words, states
from connect.models import BlockedKind
from connect.runner import retry
from connect.runner.lease import Claim
from connect.runner.outcomes import Blocked
from tenants.attempts import Schedule, minutes

# The least time before each restart, since the last one. The first comes at once, perhaps while
# Postgres is still away. The looks in between see whether the connection recovers by itself.
SCHEDULE = Schedule((timedelta(), timedelta(seconds=45), *minutes(5, 15, 45)))
# After so long without a restart a trouble is a new one. Longer than any pause and look.
_OVER_AFTER = timedelta(hours=3)


def require_working(claim: Claim, attempts: int, state: str) -> None:
    """Raise what a connection in this state asks for. `attempts` counts them in a row, from 1."""
    if not states.is_broken(state):
        return
    if _may_pass(state):
        _try_again(claim, attempts, state)
    raise states.as_blocked(state)


def require_loadable(claim: Claim, attempts: int, mappings: Sequence[MappingDetail]) -> None:
    """Raise what broken mappings of a connection ask for."""
    broken = [found for found in mappings if states.is_broken_mapping(found.state)]
    if not broken:
        return
    if all(_may_pass(found.state) for found in broken):
        _try_again(claim, attempts, broken[0].state)
    said = mapping_words.of_broken(claim.connection, broken)
    raise Blocked(BlockedKind.MAPPING_BROKEN, f"Mappings cannot be loaded: {said}")


def _may_pass(state: str) -> bool:
    """Return whether a restart is the remedy of a connection in this state."""
    kind = causes.kind_of(state)
    return kind is not None and healing.is_restarted(kind)


def _try_again(claim: Claim, attempts: int, state: str) -> None:
    """Restart a connection if it is time to, and have it looked at later.

    Returns only when all attempts are used up; raises Retryable before.
    """
    if attempts >= retry.MAX_ATTEMPTS:
        claim.record(restarts=0)  # a retry of staff begins from the start
        return
    _restart_if_due(claim)
    raise http.Retryable(heroku_connect.SYSTEM, None, f"the connection reports {state}")


def _restart_if_due(claim: Claim) -> None:
    # Counted apart from the attempts: a restarted connection looks well for some seconds, and that
    # ends a row of failed attempts, however long the outage lasts.
    now, connection = timezone.now(), claim.connection
    since = now - connection.restarted_at if connection.restarted_at else _OVER_AFTER
    # A time in the future was stored when the clock was wrong.
    done = connection.restarts if timedelta() <= since < _OVER_AFTER else 0
    pause = SCHEDULE.pause(done)
    if pause is None or (done and since < pause):
        return
    # Before the call, whose answer may be lost.
    claim.record(restarts=done + 1, restarted_at=now)
    heroku_connect.restart(remote_of(connection))
