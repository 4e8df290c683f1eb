"""Writing down what happens to tenants: an event for each change, a delivery for each webhook.

Asked each minute about the whole fleet, with two statements. How tenants stand is compared with
the last event, so nothing is lost with a task, and no change becomes two events.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from connect import standing
from connect.models import Connection, Stage
from connect.standing import Word
from portal.integrations import documents, lifecycle
from portal.integrations.lifecycle import Sent
from portal.integrations.models import (
    Lifecycle,
    LifecycleKind,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
)
from tenants.models import Tenant

LIMIT = 500  # tenants at once; the others follow a minute later


def observe() -> int:
    """Write the events that are due; scheduled; return how many tenants have some."""
    first = Webhook.objects.filter(is_on=True).aggregate(at=Min("created_at"))["at"]
    if not settings.LIFECYCLE_WEBHOOKS or first is None:
        return 0
    changed = list(_changed(timezone.now()))
    _note_old(each for each in changed if each.is_older_than(first))
    new = [each for each in changed if not each.is_older_than(first)][:LIMIT]
    for each in new:
        _tell(each.tenant_id, each.word)
    return len(new)


@dataclass(frozen=True)
class _Seen:
    """How a tenant stands, and its last event. `begun`: it registered, or was proven, then."""

    tenant_id: int
    begun: datetime
    word: Word
    sent: Sent | None

    def is_older_than(self, webhook: datetime) -> bool:
        return self.sent is None and self.begun < webhook

    @property
    def kinds(self) -> list[LifecycleKind]:
        return lifecycle.follow(self.sent or Sent(), self.word)


def _changed(now: datetime) -> Iterator[_Seen]:
    """Yield the tenants that stand differently from what their last event says."""
    for tenant_id, begun, last, was_live, word in [*_current(now), *_gone()]:
        sent = None if last is None else Sent(last, was_live)
        seen = _Seen(tenant_id, begun, Word(word), sent)
        if seen.kinds:
            yield seen


_WELL = (LifecycleKind.LIVE, LifecycleKind.HEALED)
_SENT = ("lifecycle__last", "lifecycle__was_live")


def _current(now: datetime) -> Any:
    rows = Connection.objects.filter(offboarded_at=None, tenant__offboarded_at=None)
    rows = rows.exclude(stage=Stage.WAITING_FOR_PROOF)  # also where it is blocked
    # Most are live and well, and their last event says so: nothing can follow.
    known = Q(stage=Stage.LIVE, tenant__lifecycle__last__in=_WELL)
    rows = rows.filter(Q(pk__in=standing.not_well(now)) | ~known)
    begun = Coalesce("tenant__proven_at", "tenant__registered_at")
    found = rows.order_by("tenant").annotate(begun=begun, word=standing.words(now))
    return found.values_list("tenant", "begun", *(f"tenant__{each}" for each in _SENT), "word")


def _gone() -> Any:
    untold = Q(lifecycle=None) | Q(lifecycle__last__in=["", LifecycleKind.OFFBOARDED])
    rows = Tenant.objects.filter(offboarded_at__isnull=False).exclude(untold).order_by("pk")
    word = Value(Word.OFFBOARDED.value)
    return rows.annotate(word=word).values_list("pk", "registered_at", *_SENT, "word")


def _note_old(found: Iterable[_Seen]) -> None:
    """Note, without an event, how tenants stand that are older than the first webhook.

    The read API shows them.
    """
    rows = []
    for each in found:
        sent = Sent()
        for kind in each.kinds:
            sent = lifecycle.after(sent, kind)
        rows.append(Lifecycle(tenant_id=each.tenant_id, last=sent.last, was_live=sent.was_live))
    Lifecycle.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def _tell(tenant_id: int, word: Word) -> None:
    """Write a tenant's events. The row is locked, so of two workers one writes them."""
    Lifecycle.objects.bulk_create([Lifecycle(tenant_id=tenant_id)], ignore_conflicts=True)
    rows = Lifecycle.objects.select_for_update(of=("self",)).select_related("tenant")
    row = rows.get(pk=tenant_id)
    sent = Sent(row.last, row.was_live)
    for kind in lifecycle.follow(sent, word):
        sent = lifecycle.after(sent, kind)
        row.sequence += 1
        _write(row, kind)
    row.last, row.was_live = sent.last, sent.was_live
    row.save(update_fields=["last", "was_live", "sequence"])


def _write(row: Lifecycle, kind: LifecycleKind) -> None:
    uid, now = uuid.uuid4(), timezone.now()
    (tenant,) = documents.of_tenants([row.tenant])
    document = {
        "id": str(uid),
        "type": kind.value,
        "timestamp": documents.time(now),
        "sequence": row.sequence,
        "data": {"tenant": tenant},
    }
    event = WebhookEvent.objects.create(
        uid=uid,
        tenant=row.tenant,
        kind=kind,
        sequence=row.sequence,
        at=now,
        body=json.dumps(document),
    )
    listening = Webhook.objects.filter(is_on=True, kinds__contains=[kind.value])
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(webhook=each, event=event) for each in listening
    )


def prune(now: datetime) -> int:
    """Delete old events with their deliveries; return how many rows."""
    old = now - timedelta(days=settings.KEEP_WEBHOOKS_DAYS)
    return WebhookEvent.objects.filter(at__lt=old).delete()[0]
