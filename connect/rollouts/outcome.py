"""How many tenants of a roll-out or a wave were done, skipped, refused and failed, as text.

Done, skipped, refused and failed are four results. A roll-out is done only if all its tenants are.
"""

from collections.abc import Mapping

from connect.formats import count_words
from connect.models import RolloutItemStatus, RolloutStatus

Counts = Mapping[str, int]  # tenants by RolloutItemStatus
ENDED = (
    RolloutItemStatus.DONE,
    RolloutItemStatus.SKIPPED,
    RolloutItemStatus.REFUSED,
    RolloutItemStatus.FAILED,
)


def words(counts: Counts) -> str:
    """Return e.g. "41 done, 6 refused, 3 failed, 2 still to do"."""
    ended = {status.value: counts.get(status, 0) for status in ENDED}
    return count_words(ended, sum(counts.values()))


def final_status(counts: Counts) -> RolloutStatus:
    """Return the status of a roll-out in which no tenant is left to do."""
    total = sum(counts.values())
    if counts.get(RolloutItemStatus.DONE, 0) == total:
        return RolloutStatus.DONE
    if counts.get(RolloutItemStatus.REFUSED, 0) == total:
        return RolloutStatus.REFUSED
    return RolloutStatus.ENDED
