"""Alerts to staff, by e-mail and webhook: an incident opens and ends, a roll-out pauses.

An alert is stored in the transaction of the change and sent afterwards.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from connect import remedies
from connect.clients import http
from connect.formats import counted, format_duration
from connect.models import Incident, IncidentKind, Rollout, WebhookNotice
from tenants import addresses, attempts, messages, sweeps, timeline
from tenants.addresses import Address
from tenants.attempts import Schedule, minutes
from tenants.http.receiver import Receiver
from tenants.models import EventKind, MessageKind
from tenants.queue import enqueue

# After the last pause the webhook is not tried again; the e-mail has the same text.
SCHEDULE = Schedule(minutes(1, 5, 30))
MAX_SUBJECT = 200
SWEPT_AT_ONCE = 100


def notify_opened(incident: Incident) -> None:
    """Notify staff that an incident opened."""
    _notify(incident, "opened", f"{incident}", incident.text, _remedy(incident))


def notify_more(incident: Incident, parts: Sequence[str]) -> None:
    """Notify staff of new parts of an open incident, e.g. of another object whose mapping fails."""
    subject = f"{incident}, also {', '.join(parts)}"[:MAX_SUBJECT]
    kind = f"more {len(incident.parts)}"[:10]
    _notify(incident, kind, subject, incident.text, _remedy(incident))


def notify_closed(incident: Incident) -> None:
    """Notify staff that an incident is over, and how long it lasted."""
    steps = counted(incident.healing.count(), "step")
    text = f"It lasted {format_duration(incident.lasted)}. {steps} of self-healing."
    if incident.reopened:
        _notify(incident, "ended", f"Recovered again: {incident}", text)
    else:
        _notify(incident, "recovered", f"Recovered: {incident}", text)


def notify_flapping(incident: Incident) -> None:
    """Notify staff, once, that an incident came back soon after its end."""
    text = (
        f"{incident.text} It came back soon after its end. You are notified of that once: if it "
        "goes on coming and going, only its page says so."
    )
    _notify(incident, "flapping", f"Comes and goes: {incident}", text, _remedy(incident))


def note_returned(incident: Incident) -> None:
    """Write to the timeline, without an alert, that an incident came back another time."""
    if incident.connection:
        text = f"Came back: {incident}. {incident.text}"
        tenant = incident.connection.tenant
        timeline.note(tenant, EventKind.INCIDENT, text, incident=incident.pk, what="returned")


def notify_untouched(incident: Incident) -> None:
    """Notify staff again of an incident that needs a person and that nobody has touched."""
    text = f"Nobody has done anything about it for a day. {incident.text}"
    _notify(incident, "again", f"Still open: {incident}", text, _remedy(incident))


def notify_needs_person(incident: Incident, reason: str) -> None:
    """Notify staff that healing has ended without success."""
    text = f"{reason} {incident.text}"
    _notify(incident, "person", f"Needs a person: {incident}", text, _remedy(incident))


def _remedy(incident: Incident) -> str:
    kind = IncidentKind(incident.kind)
    return f"{remedies.INCIDENTS[kind].in_words}\n\n{remedies.line_to(kind)}"


def _notify(incident: Incident, kind: str, subject: str, text: str, remedy: str = "") -> None:
    """Write it to the timeline and, unless the tenant is snoozed, notify staff."""
    connection = incident.connection
    tenant = connection.tenant if connection else None
    if tenant:
        event = f"{subject}. {text}"
        timeline.note(tenant, EventKind.INCIDENT, event, incident=incident.pk, what=kind)
    # After the event: a snooze silences the alert, but the timeline stays complete.
    if connection and connection.is_snoozed(timezone.now()):
        return
    # Only the alert says what to do; on pages it stands beside the standing.
    alert = f"{text}\n\n{remedy}" if remedy else text
    # An incident without a tenant is about a region or the portal's token.
    link = addresses.of(Address.WORK if remedy else Address.STAFF, tenant or incident)
    messages.queue(
        tenant,
        MessageKind.INCIDENT,
        key=f"incident:{incident.pk}:{kind}",
        subject=subject,
        text=text,
        to_do=remedy,
        link=link,
    )
    if settings.INCIDENT_WEBHOOK_URL:
        notice, is_new = WebhookNotice.objects.get_or_create(
            incident=incident, what=kind, defaults=_webhook_call(subject, alert, link)
        )
        # The row is unique by incident and kind, so of two workers one queues the call.
        if is_new:
            enqueue(post, notice.pk)


def notify_paused(rollout: Rollout, reason: str) -> None:
    """Notify staff that a roll-out has paused itself. The caller has locked its row."""
    subject, text = f"Roll-out {rollout.pk} was paused automatically", f"{rollout}. {reason}"
    # A time in the key: each automatic pause is a new reason to look.
    key = f"rollout-paused:{rollout.pk}:{timezone.now():%Y%m%d%H%M%S}"
    messages.notify_staff(None, key=key, subject=subject, text=text, about=rollout)
    if settings.INCIDENT_WEBHOOK_URL:
        call = _webhook_call(subject, text, addresses.of(Address.STAFF, rollout))
        notice = WebhookNotice.objects.create(rollout=rollout, what="paused", **call)
        enqueue(post, notice.pk)


def _webhook_call(subject: str, text: str, link: str) -> dict[str, Any]:
    # Marked as queued with the row, so that the sweep does not queue it a second time.
    return {"text": f"*{subject}*\n{text}\n{link}", "queued_at": timezone.now()}


def queue_due(limit: int, again_after: timedelta = sweeps.REQUEUE_AFTER) -> int:
    """Queue the webhook calls that are due again, or whose task was lost; return how many."""
    if not settings.INCIDENT_WEBHOOK_URL:
        return 0
    with transaction.atomic():
        ids = sweeps.mark_queued(_unsent(), limit, again_after)
        for pk in ids:
            enqueue(post, pk)
    return len(ids)


def _unsent() -> QuerySet[WebhookNotice]:
    return WebhookNotice.objects.filter(sent_at=None)


def post(alert_id: int) -> None:
    """Send one webhook call, in Slack's format.

    The attempt is counted first. A call that may have arrived is not repeated: one alert is better
    than two.
    """
    due = WebhookNotice.objects.filter(
        pk=alert_id, sent_at=None, next_attempt_at__lte=timezone.now()
    )
    alert = due.first()
    if alert is None or not settings.INCIDENT_WEBHOOK_URL:
        return
    # Counted with its next time, so that of two tasks for one alert only one goes on.
    following = SCHEDULE.next_at(alert.attempts)
    if not attempts.count(due, alert.attempts, next_attempt_at=following, queued_at=None):
        return
    mine = WebhookNotice.objects.filter(pk=alert_id)
    try:
        Receiver(settings.INCIDENT_WEBHOOK_URL).post(document={"text": alert.text})
    except http.RemoteError as error:
        final = isinstance(error, http.Uncertain) or not isinstance(error, http.Retryable)
        mine.update(error=error.words[:500], **({"next_attempt_at": None} if final else {}))
    else:
        mine.update(sent_at=timezone.now(), next_attempt_at=None, error="")


def _oldest(now: datetime) -> QuerySet[Any, Any] | None:
    return sweeps.oldest(_unsent(), now) if settings.INCIDENT_WEBHOOK_URL else None


def _due(again_after: timedelta) -> QuerySet[Any, Any] | None:
    return sweeps.due(_unsent(), again_after) if settings.INCIDENT_WEBHOOK_URL else None


sweeps.register(sweeps.Sweep("notices", (post,), _due, partial(queue_due, SWEPT_AT_ONCE), _oldest))
