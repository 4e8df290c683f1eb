"""One tenant of a roll-out, one step at a time, until it is done or has failed.

The engine in connect.runner.run does the work; here is what it means for a tenant of a roll-out.
The lease is the connection's own, so a roll-out never meets the reconciler or an operation of
staff.
"""

from collections.abc import Iterator

from django.utils import timezone

from connect.models import RolloutItem
from connect.rollouts import due
from connect.rollouts.claim import ItemClaim
from connect.rollouts.item_job import ItemJob
from connect.runner import lease, run


def advance(item_id: int) -> None:
    """Run the due steps of one tenant in a roll-out. Return at once if none is due."""
    run.run(_jobs(item_id))


def _jobs(item_id: int) -> Iterator[ItemJob]:
    while job := _take(item_id):
        yield job


def _take(item_id: int) -> ItemJob | None:
    """Take the connection's lease and count the attempt. None if it is held or nothing is due."""
    # Asked before the lease, so that an old task holds up nobody.
    wanted = RolloutItem.objects.filter(due.is_due(timezone.now()), pk=item_id)
    connection_id = wanted.values_list("connection_id", flat=True).first()
    if connection_id is None:
        return None
    # Blocked ones too: the job then fails with the reason instead of waiting forever.
    claim = lease.take(connection_id, due=False, blocked=True)
    if claim is None:
        return None
    items = RolloutItem.objects.select_related("rollout", "target", "came_from")
    # Asked again under the lease: the item may have moved since.
    item = items.filter(due.is_due(timezone.now()), pk=item_id).first()
    if item is None:
        # The roll-out was paused or another worker was faster: this does not count as an attempt.
        claim.release_uncounted()
        return None
    job = ItemJob(ItemClaim(item, claim))
    job.claim.record(attempts=item.attempts + 1, queued_at=None, **job.first_facts())
    return job
