"""Writing down what happens to tenants: an event for each change, a delivery for each webhook.

Asked each minute about the whole fleet, with three statements. How tenants stand is compared with
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
from django.db.models import DateTimeField, Exists, Min, OuterRef, Q, Value
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
    WebhookDeliveryStatus,
    WebhookEvent,
)
from tenants.models import Tenant

LIMIT = 500  # tenants at once; the others follow a minute later


def observe() -> int:
    """Write the events that are due; scheduled; return how many tenants have some.

    Also while each webhook is off: otherwise old events would follow when one is switched on.
    """
    first = Webhook.objects.aggregate(at=Min("created_at"))["at"]
    if not settings.LIFECYCLE_WEBHOOKS or first is None:
        return 0
    changed = list(_changed(timezone.now()))
    _write_without_events(each for each in changed if each.is_older_than(first))
    new = [each for each in changed if not each.is_older_than(first)][:LIMIT]
    return sum(_write_events(each.tenant_id) for each in new)


@dataclass(frozen=True)
class _Seen:
    """How a tenant stands, and its last event. `begun`: it registered, or was proven, then."""

    tenant_id: int
    begun: datetime
    was_live: bool
    word: Word
    sent: Sent | None

    def is_older_than(self, webhook: datetime) -> bool:
        return self.sent is None and self.begun < webhook

    @property
    def kinds(self) -> list[LifecycleKind]:
        return lifecycle.follow(self.sent or Sent(), self.word)


def _changed(now: datetime) -> Iterator[_Seen]:
    """Yield the tenants that stand differently from what their last event says."""
    for tenant_id, begun, live_at, last, was_live, word in [*_current(now), *_gone()]:
        sent = None if last is None else Sent(last, was_live)
        seen = _Seen(tenant_id, begun, live_at is not None, Word(word), sent)
        if seen.kinds:
            yield seen


_WELL = (LifecycleKind.LIVE, LifecycleKind.HEALED)
_SENT = ("lifecycle__last", "lifecycle__was_live")


def _current(now: datetime) -> Any:
    rows = Connection.objects.filter(offboarded_at=None, tenant__offboarded_at=None)
    rows = rows.exclude(stage=Stage.WAITING_FOR_PROOF)  # also where it is blocked
    # Most are live and well, and their last event says so: nothing can follow.
    sent = Q(tenant__lifecycle__last__in=_WELL, tenant__lifecycle__was_live=True)
    known = sent & Q(stage=Stage.LIVE, blocked_at=None)
    rows = rows.filter(Q(pk__in=standing.worst(now).keys()) | ~known)
    begun = Coalesce("tenant__proven_at", "tenant__registered_at")
    found = rows.order_by("tenant").annotate(begun=begun, word=standing.words(now))
    sent_fields = (f"tenant__{each}" for each in _SENT)
    return found.values_list("tenant", "begun", "live_at", *sent_fields, "word")


def _gone() -> Any:
    ended = Q(lifecycle=None) | Q(lifecycle__last__in=["", LifecycleKind.OFFBOARDED])
    rows = Tenant.objects.filter(offboarded_at__isnull=False).exclude(ended).order_by("pk")
    # When it was live is asked only where no event was sent.
    never = Value(None, output_field=DateTimeField())
    found = rows.annotate(word=Value(Word.OFFBOARDED.value), live_at=never)
    return found.values_list("pk", "registered_at", "live_at", *_SENT, "word")


def _write_without_events(found: Iterable[_Seen]) -> None:
    """Write down, without an event, how tenants stand that are older than the first webhook.

    The read API shows them.
    """
    states = ((each.tenant_id, _as_sent(each)) for each in found)
    rows = [Lifecycle(tenant_id=pk, last=sent.last, was_live=sent.was_live) for pk, sent in states]
    Lifecycle.objects.bulk_create(rows, ignore_conflicts=True)


def _as_sent(seen: _Seen) -> Sent:
    """Return what is known of a tenant as if its events had been sent."""
    sent = Sent()
    for kind in seen.kinds:
        sent = lifecycle.after(sent, kind)
    if not seen.was_live:
        return sent
    # It went live before, although its word does not say so now: paused, or not looked at.
    is_begun = sent.last == LifecycleKind.REGISTERED
    return Sent(LifecycleKind.LIVE if is_begun else sent.last, was_live=True)


@transaction.atomic
def _write_events(tenant_id: int) -> bool:
    """Write a tenant's events; return whether there were any.

    The tenant is locked, so of two workers one writes them, and an erasure waits. How it stands is
    read again under the lock: an event and its body say the same.
    """
    tenant = Tenant.objects.select_for_update(no_key=True).filter(pk=tenant_id).first()
    if tenant is None:  # erased since then
        return False
    row, _ = Lifecycle.objects.get_or_create(tenant=tenant)
    (document,) = documents.of_tenants([tenant])
    sent = Sent(row.last, row.was_live)
    kinds = lifecycle.follow(sent, Word(document["standing"]["word"]))
    for kind in kinds:
        sent = lifecycle.after(sent, kind)
        row.sequence += 1
        _write_event(row, kind, document)
    row.last, row.was_live = sent.last, sent.was_live
    row.save(update_fields=["last", "was_live", "sequence"])
    return bool(kinds)


def _write_event(row: Lifecycle, kind: LifecycleKind, tenant: documents.Document) -> None:
    uid, now = uuid.uuid4(), timezone.now()
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
    """Delete old events that wait for no webhook, with their deliveries; return how many rows."""
    old = now - timedelta(days=settings.KEEP_WEBHOOKS_DAYS)
    waiting = WebhookDelivery.objects.filter(
        event=OuterRef("pk"), status=WebhookDeliveryStatus.WAITING
    )
    return WebhookEvent.objects.filter(~Exists(waiting), at__lt=old).delete()[0]
