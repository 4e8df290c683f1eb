"""Telling staff of incidents, by e-mail and to a webhook: once of the opening, once of the end.

The words are written in the transaction of the change and sent afterwards.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from connect.clients import http
from connect.clients.http import Peer
from connect.models import Incident, WebhookNotice
from tenants import messages, timeline
from tenants.models import EventKind, MessageKind
from tenants.queue import enqueue

# After the last of these, the webhook is given up: the e-mail says the same.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30))


def opened(incident: Incident) -> None:
    """Tell that an incident opened."""
    _tell(incident, "opened", f"{incident}", incident.text)


def closed(incident: Incident) -> None:
    """Tell that it is over, and how long it lasted."""
    began, ended = incident.opened_at, incident.closed_at
    assert began is not None  # noqa: S101  (a suspicion is never closed)
    assert ended is not None  # noqa: S101
    minutes = int((ended - began).total_seconds() // 60)
    text = f"It lasted {minutes} minutes. {incident.healing.count()} steps of self-healing."
    _tell(incident, "recovered", f"Recovered: {incident}", text)


def needs_person(incident: Incident, why: str) -> None:
    """Tell that the portal can do no more by itself."""
    _tell(incident, "person", f"Needs a person: {incident}", f"{why} {incident.text}")


def _tell(incident: Incident, what: str, subject: str, text: str) -> None:
    """Tell it in the timeline, and unless the tenant is snoozed, to staff."""
    connection = incident.connection
    tenant = connection.tenant if connection else None
    if tenant:
        timeline.note(
            tenant, EventKind.INCIDENT, f"{subject}. {text}", incident=incident.pk, what=what
        )
    if connection and connection.is_snoozed(timezone.now()):
        return
    messages.queue(
        tenant,
        MessageKind.INCIDENT,
        key=f"incident:{incident.pk}:{what}",
        subject=subject,
        text=text,
    )
    if settings.INCIDENT_WEBHOOK_URL:
        notice, is_new = WebhookNotice.objects.get_or_create(
            incident=incident, what=what, defaults={"text": f"*{subject}*\n{text}"}
        )
        if is_new:
            enqueue(post, notice.pk)


def queue_due(limit: int) -> int:
    """Queue the webhook calls that are due again, or whose task was lost; return how many."""
    due = WebhookNotice.objects.filter(
        Q(next_attempt_at__lte=timezone.now() - PAUSES[0]), sent_at=None
    )
    found = list(due.values_list("pk", flat=True)[:limit])
    for pk in found:
        enqueue(post, pk)
    return len(found)


def post(notice_id: int) -> None:
    """Make one webhook call, in the form that Slack and its like understand.

    The attempt is counted first. A call whose fate is uncertain is not repeated: told once is
    better than told twice.
    """
    now = timezone.now()
    due = WebhookNotice.objects.filter(pk=notice_id, sent_at=None, next_attempt_at__lte=now)
    notice = due.first()
    if notice is None or not settings.INCIDENT_WEBHOOK_URL:
        return
    pause = PAUSES[notice.attempts] if notice.attempts < len(PAUSES) else None
    again = now + pause if pause else None
    if not due.filter(attempts=notice.attempts).update(
        attempts=F("attempts") + 1, next_attempt_at=again
    ):
        return
    mine = WebhookNotice.objects.filter(pk=notice_id)
    try:
        # The address is the secret: it is the base and the path, which is logged, stays empty.
        Peer("Webhook", settings.INCIDENT_WEBHOOK_URL).call(
            "POST", "", document={"text": notice.text}, reads=False
        )
    except http.RemoteError as trouble:
        final = isinstance(trouble, http.Uncertain) or not isinstance(trouble, http.Retryable)
        mine.update(error=trouble.words[:500], **({"next_attempt_at": None} if final else {}))
    else:
        mine.update(sent_at=timezone.now(), next_attempt_at=None, error="")
