"""Calling webhooks: each delivery at least once, in order for each tenant, with an end.

One task at a time calls a webhook. It ends at the first call that fails or is slow, and the webhook
then rests for a while: an address that is away costs one call each few minutes, a slow one half the
time of a worker at most.
"""

import logging
import time
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from portal.integrations import signing, targets
from portal.integrations.models import Webhook, WebhookDelivery, WebhookDeliveryStatus
from tenants import attempts, leases, messages, sweeps
from tenants.attempts import Schedule, minutes
from tenants.http import context
from tenants.http.errors import Permanent, RemoteError, Retryable
from tenants.http.limits import Limits
from tenants.http.receiver import Receiver
from tenants.leases import Lease
from tenants.queue import enqueue

log = logging.getLogger(__name__)

# The pause after each attempt but the last: the end comes after about two days.
SCHEDULE = Schedule(minutes(1, 5, 30, 120, 360, 720, 1440), last=timedelta(minutes=10))
REST = timedelta(seconds=10)  # after a failed call; doubled with each further one
MAX_REST = timedelta(minutes=5)
LIMITS = Limits(connect=5, read=10, total=15, body=64 * 1024, retries=0)
WORKS_FOR = 45.0  # seconds of one task
SLOW = 2.0  # seconds of a call; after a longer one the webhook rests for as long as the call took
SWEPT_AT_ONCE = 20  # webhooks
UNREADABLE = "no key of SECRET decrypts its secret: save the webhook again"
DIED = "The worker died during the last attempt."


def deliver(webhook_id: int) -> None:
    """Send what is due for one webhook, until a call fails or the time of a task is over."""
    if not settings.LIFECYCLE_WEBHOOKS:
        return
    rows = Webhook.objects.filter(pk=webhook_id, is_on=True, next_attempt_at__lte=timezone.now())
    key = leases.take(rows, queued_at=None)
    if key is None:
        return
    lease = Lease(Webhook.objects.get(pk=webhook_id), key)
    lease.release(**_send_due(lease.row))


def _send_due(webhook: Webhook) -> dict[str, Any]:
    """Send what is due; return what is noted of the webhook: failures in a row, and its rest."""
    until, noted = time.monotonic() + WORKS_FOR, dict[str, Any]()
    while time.monotonic() < until and (delivery := _next(webhook)):
        began = time.monotonic()
        if not _attempt(delivery):
            return _rest(webhook.failures)
        took = time.monotonic() - began
        noted = {"failures": 0}
        if took > SLOW:
            return {**noted, "next_attempt_at": timezone.now() + timedelta(seconds=took)}
    return noted


def _next(webhook: Webhook) -> WebhookDelivery | None:
    # Asked each time: somebody may have switched it off.
    mine = _ready().filter(webhook=webhook, webhook__is_on=True)
    mine = mine.select_related("webhook", "event__tenant")
    return mine.order_by("pk").first()


def _ready() -> QuerySet[WebhookDelivery]:
    """Return the deliveries that are due. Those of one tenant wait for the earlier ones."""
    waiting = WebhookDelivery.objects.filter(status=WebhookDeliveryStatus.WAITING)
    earlier = waiting.filter(
        webhook=OuterRef("webhook"),
        event__tenant=OuterRef("event__tenant"),
        event__sequence__lt=OuterRef("event__sequence"),
    )
    return waiting.filter(~Exists(earlier), next_attempt_at__lte=timezone.now())


def _rest(failures: int) -> dict[str, Any]:
    """Return when a webhook is called again after a call that failed, as so many before it."""
    pause = min(REST * 2 ** min(failures, 10), MAX_REST)
    return {"failures": failures + 1, "next_attempt_at": timezone.now() + pause}


# --- one attempt ---------------------------------------------------------------------------------


def _attempt(delivery: WebhookDelivery) -> bool:
    """Make one attempt; return whether the webhook took it."""
    number = delivery.attempts
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, status=WebhookDeliveryStatus.WAITING)
    if SCHEDULE.has_died(number):
        _notify_staff(delivery, number, DIED)
        mine.update(status=WebhookDeliveryStatus.FAILED, next_attempt_at=None, error=DIED)
        return True
    if not attempts.count(mine, number, next_attempt_at=SCHEDULE.next_at(number)):
        return True
    try:
        with context.working_for(delivery.event.tenant.org_id):
            status = _call(delivery)
    except RemoteError as error:
        # The mail first: it is sent once, and a worker that dies here leaves the end to the next.
        if SCHEDULE.is_used_up(number):
            _notify_staff(delivery, number + 1, error.words)
        mine.update(answer=error.status, error=error.words[:500], **_after(number, error))
        return False
    done = {"status": WebhookDeliveryStatus.DELIVERED, "next_attempt_at": None, "error": ""}
    mine.update(answer=status, delivered_at=timezone.now(), **done)
    return True


def _call(delivery: WebhookDelivery) -> int:
    """Call the webhook; return the status of its answer, a 2xx. Raises RemoteError."""
    webhook, body = delivery.webhook, delivery.event.body.encode()
    # Judged again: the settings may have changed, or the keys.
    if problem := targets.problem(webhook.url) or ("" if webhook.secret else UNREADABLE):
        raise Permanent("Webhook", None, problem)
    uid = str(delivery.event.uid)
    headers = signing.headers(webhook.secret, uid, int(time.time()), body)
    receiver = Receiver(webhook.url, limits=LIMITS, public_only=True)
    return receiver.post(content=body, headers=headers)


def _after(number: int, error: RemoteError) -> dict[str, Any]:
    """Return what a failed attempt leaves: the end, or a later next attempt if it was asked for."""
    if SCHEDULE.is_used_up(number):
        return {"status": WebhookDeliveryStatus.FAILED, "next_attempt_at": None}
    after = error.after if isinstance(error, Retryable) else None
    pause = SCHEDULE.pause(number)
    if after and pause and after > pause:
        return {"next_attempt_at": timezone.now() + after}
    return {}


def _notify_staff(delivery: WebhookDelivery, attempts_made: int, why: str) -> None:
    """Notify staff, once a day for a webhook, that an event could not be delivered."""
    webhook = delivery.webhook
    key = f"webhook:{webhook.pk}:{timezone.now():%Y%m%d}"
    # The tenant is not named: an erasure would not find this mail.
    kind = delivery.event.get_kind_display()
    text = (
        f"An event “{kind}” could not be delivered in {attempts_made} attempts. {why.rstrip('.')}. "
        "Correct the webhook or its receiver, then press “Resend” at what failed."
    )
    messages.notify_staff(None, key, f"Webhook {webhook} fails", text, about=webhook)


def send_again(delivery: WebhookDelivery) -> bool:
    """Let an ended delivery be sent again; return False if it waits to be sent anyway."""
    ended = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(
        status=WebhookDeliveryStatus.WAITING
    )
    waiting = {"status": WebhookDeliveryStatus.WAITING, "attempts": 0}
    return bool(ended.update(**waiting, next_attempt_at=timezone.now(), delivered_at=None))


# --- the sweep -----------------------------------------------------------------------------------


def queue_due(limit: int, again_after: timedelta = sweeps.REQUEUE_AFTER) -> int:
    """Queue a task for each webhook that something is due for; return how many."""
    if not settings.LIFECYCLE_WEBHOOKS:
        return 0
    ids = leases.mark_queued(_with_work(), limit, again_after)
    for pk in ids:
        enqueue(deliver, pk)
    return len(ids)


def _with_work() -> QuerySet[Webhook]:
    ready = _ready().filter(webhook=OuterRef("pk"))
    return Webhook.objects.filter(Exists(ready), is_on=True)


def _due(again_after: timedelta) -> QuerySet[Any, Any] | None:
    return leases.due(_with_work(), again_after) if settings.LIFECYCLE_WEBHOOKS else None


# How long a row has been due tells nothing: a webhook that is away rests.
sweeps.register(sweeps.Sweep("webhooks", (deliver,), _due, partial(queue_due, SWEPT_AT_ONCE)))
