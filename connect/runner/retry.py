"""Whether to try again after an error, and when. No clock, no database, no chance of its own."""

from datetime import timedelta

from django.db import Error

from connect import databases
from connect.clients import http
from connect.models import BlockedKind
from connect.runner.outcomes import Block, Blocked, Failure, Retry, TokenRefused
from tenants import grants, salesforce_access

FIRST_PAUSE = timedelta(seconds=2)
MAX_PAUSE = timedelta(minutes=30)
# In a row; with the pauses below they take about two and a half hours, and half of that the first.
MAX_ATTEMPTS = 15
WARN_AT = 12

_KINDS = {402: BlockedKind.PAYMENT, 403: BlockedKind.PERMISSION}


def back_off(attempt: int, after: timedelta | None, jitter: float) -> timedelta:
    """Return how long to wait after the n-th failed attempt in a row (n from 1).

    Doubles from two seconds to thirty minutes; `jitter` (0 to 1) takes up to a quarter off, so that
    tenants that failed together do not come back together. `after` is the peer's own Retry-After:
    the pause is never shorter.
    """
    doubled = FIRST_PAUSE * 2.0 ** min(attempt - 1, 20)  # a larger power overflows timedelta
    spread = min(doubled, MAX_PAUSE) * (1 - jitter / 4)
    return max(spread, after) if after else spread


def judge(error: Exception) -> Failure | None:
    """Return what an error means for the work in which it was raised; None for a bug."""
    match error:
        case Blocked():
            return Block(error.kind, str(error))
        # Before RemoteError, its base class: the token is the portal's, so no tenant is at fault.
        case http.Unauthorized():
            return TokenRefused(error)
        case http.Retryable():
            return Retry(error.words, error.request_id, error.after)
        case http.RemoteError():
            return Block(kind_of(error), error.words, error.request_id)
        case Error() if text := databases.passing_failure(error):
            return Retry(text)
        case grants.GrantError(retry=True):
            return Retry(str(error))
        case grants.GrantError():
            return Block(BlockedKind.PEER_REFUSED, str(error))
    return None


def kind_of(error: http.RemoteError) -> BlockedKind:
    """Return the kind of a refusal that no later attempt changes."""
    if error.system == salesforce_access.SYSTEM and isinstance(error, http.NotFound):
        return BlockedKind.NO_PACKAGE
    return _KINDS.get(error.status or 0, BlockedKind.PEER_REFUSED)
