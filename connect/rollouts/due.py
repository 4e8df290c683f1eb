"""The tenants of roll-outs that may be worked on now."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from connect import switches
from connect.clients import budget
from connect.holds import CALLS_PER_RUN, MAPPING_CALLS
from connect.models import Connection, Rollout, RolloutItem, RolloutItemStatus, RolloutStatus
from connect.rollouts import waves
from tenants import leases, limits, sweeps

MAX_QUEUED_AT_ONCE = 25  # tenants queued by one pulse of the worker
_CHECKED_IN = (RolloutStatus.CHECKING, RolloutStatus.RUNNING)


def is_due(now: datetime) -> Q:
    """Match the items that may be worked on; those in progress always go on to their end.

    While provisioning is switched off no other begins.
    """
    checking = Q(status=RolloutItemStatus.CHECKING, rollout__status__in=_CHECKED_IN)
    # Also while the roll-out is paused or cancelled: a tenant is not left half changed.
    in_progress = Q(status=RolloutItemStatus.WORKING)
    next_ones = Q(
        status=RolloutItemStatus.READY,
        rollout__status=RolloutStatus.RUNNING,
        wave__lte=F("rollout__wave"),
    )
    begins = (checking | next_ones) & switches.PROVISIONING.is_on()
    return Q(next_attempt_at__lte=now) & (in_progress | begins)


def mark_queued(again_after: timedelta) -> list[int]:
    """Return the ids of items to be worked on now, marked so that each is queued once.

    Empty while the remaining calls are reserved for provisioning, or when the hourly calls for
    mappings are used up.
    """
    # First, so that the tenants of a wave that begins now are queued at once.
    waves.advance_all()
    with transaction.atomic():
        ids = _within_budget(_due_items(again_after))
        if not ids or not _may_call(len(ids) * CALLS_PER_RUN):
            return []
        RolloutItem.objects.filter(pk__in=ids).update(queued_at=timezone.now())
    return ids


def moving(again_after: timedelta) -> QuerySet[Any, Any]:
    """Return the query of the roll-outs that may go on by themselves, or have due tenants."""
    items = _due(again_after).filter(rollout=OuterRef("pk"))
    wanted = Q(status__in=waves.MOVING) | Q(Exists(items))
    ids: QuerySet[Any, Any] = Rollout.objects.filter(wanted).order_by().values_list("pk", flat=True)
    return ids


def _within_budget(items: Iterable[tuple[int, str | None]]) -> list[int]:
    """Return the items whose Heroku account may be called now."""
    pairs = [(pk, account or "") for pk, account in items]
    allowed = {
        account: budget.allows_background_work(account, [budget.CONNECT])
        for account in {account for _, account in pairs}
    }
    return [pk for pk, account in pairs if allowed[account]]


def _due(again_after: timedelta) -> QuerySet[RolloutItem]:
    now = timezone.now()
    # A lease held by the reconciler or by staff would only make the task return at once.
    free = Connection.objects.filter(leases.free(now), pk=OuterRef("connection"))
    wanted = is_due(now) & sweeps.unqueued(now, again_after)
    return RolloutItem.objects.filter(wanted, Exists(free))


def _due_items(again_after: timedelta) -> list[tuple[int, str | None]]:
    # Two workers that sweep at once share the items; the joined roll-out is not locked.
    locked = (
        _due(again_after)
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("next_attempt_at")
    )
    return list(locked.values_list("pk", "connection__host_app__account")[:MAX_QUEUED_AT_ONCE])


def _may_call(calls: int) -> bool:
    # The bucket is asked last, because asking takes the calls out of it.
    per_hour = settings.MAPPING_CALLS_PER_HOUR
    return limits.take(MAPPING_CALLS, per_hour, timezone.now(), calls) == 0
