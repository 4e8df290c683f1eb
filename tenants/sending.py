"""Sending the stored e-mails.

Sending is at least once. An attempt is counted before it is made. If a worker dies during an
attempt, the next attempt follows. So a mail may arrive twice, but it is never lost silently.
"""

import logging
from datetime import timedelta
from functools import partial

from anymail.exceptions import AnymailRecipientsRefused
from anymail.message import AnymailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tenants import attempts, recipients, sweeps, timeline
from tenants.attempts import Schedule, minutes
from tenants.models import EventKind, Message, MessageStatus
from tenants.queue import enqueue_as
from tenants.redaction import redact

log = logging.getLogger(__name__)

# The pause after each attempt; the one after the table is the last, then the message has failed.
SCHEDULE = Schedule(minutes(1, 5, 30, 120, 480), last=timedelta(minutes=480))
SWEPT_AT_ONCE = 100


def queue_due(limit: int, again_after: timedelta = sweeps.REQUEUE_AFTER) -> int:
    """Queue the delivery of messages whose next attempt is due; return how many."""
    with transaction.atomic():
        ids = sweeps.mark_queued(_unsent(), limit, again_after)
        for message in Message.objects.filter(pk__in=ids).only("pk", "attempts"):
            enqueue_delivery(message)
    return len(ids)


def _unsent() -> QuerySet[Message]:
    return Message.objects.filter(status=MessageStatus.QUEUED)


def send(message_id: int, attempt: int = 0) -> None:
    """Make one attempt to send a message, unless this attempt was already made.

    `attempt` counts from 0. Of two workers with the same task, only one counts the attempt up.
    """
    queued = Message.objects.filter(pk=message_id, status=MessageStatus.QUEUED)
    if SCHEDULE.has_died(attempt):
        failed = {"status": MessageStatus.FAILED, "error": "The worker died during every attempt."}
        if queued.filter(attempts=attempt).update(**failed):
            _note_failure(Message.objects.get(pk=message_id))
        return
    if not attempts.count(
        queued, attempt, next_attempt_at=SCHEDULE.next_at(attempt), queued_at=None
    ):
        return
    message = Message.objects.get(pk=message_id)
    try:
        provider_id = _deliver(message)
    # The provider refuses the address itself, so a later attempt would not help.
    except AnymailRecipientsRefused as error:
        _fail(message, error, for_good=True)
    except Exception as error:  # a mail backend may raise any exception; the row stores it
        _fail(message, error, for_good=SCHEDULE.is_used_up(attempt))
    else:
        _note_sent(message, provider_id)


def _deliver(message: Message) -> str:
    """Hand a message to the mail backend; return the provider's one id for it, or ""."""
    mail = AnymailMessage(
        subject=message.subject,
        body=message.text,
        to=message.to.split(", "),
        headers=_headers(message),
        tags=[message.kind],
        # The provider returns it with its reports, which are matched by it.
        metadata={"message": str(message.pk)},
    )
    mail.attach_alternative(message.html, "text/html")
    mail.send()
    provider_id = mail.anymail_status.message_id
    return "" if provider_id is None or isinstance(provider_id, set) else str(provider_id)


def _headers(message: Message) -> dict[str, str]:
    # Keeps out-of-office replies away (RFC 3834).
    headers = {"Auto-Submitted": "auto-generated"}
    tenant = message.tenant
    if tenant and message.to == tenant.admin_email and not tenant.is_trusted("admin_email"):
        # The mail program's own button says “not me” (RFC 8058).
        headers["List-Unsubscribe"] = f"<{recipients.not_me_url(tenant, message.to)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _note_sent(message: Message, provider_id: str) -> None:
    with transaction.atomic():
        # Only from QUEUED: a bounce may have been reported before this line runs.
        Message.objects.filter(pk=message.pk, status=MessageStatus.QUEUED).update(
            status=MessageStatus.SENT, sent_at=timezone.now(), provider_id=provider_id, error=""
        )
        note(message, f"Sent “{message.get_kind_display()}” to {message.to}.")


def _fail(message: Message, error: Exception, *, for_good: bool) -> None:
    message.error = redact(f"{type(error).__name__}: {error}")[:1000]
    message.status = MessageStatus.FAILED if for_good else MessageStatus.QUEUED
    log.warning("mail not sent message=%s attempts=%s", message.pk, message.attempts)
    # Only of this attempt: what the next one sends while this one hangs is sent.
    mine = Message.objects.filter(
        pk=message.pk, status=MessageStatus.QUEUED, attempts=message.attempts
    )
    with transaction.atomic():
        if mine.update(error=message.error, status=message.status) and for_good:
            _note_failure(message)


def _note_failure(message: Message) -> None:
    kind = message.get_kind_display()
    note(message, f"“{kind}” could not be sent to {message.to}: {message.error}")


def note(message: Message, text: str) -> None:
    """Add a line about a message to its tenant's timeline, if it has a tenant."""
    if message.tenant_id:
        timeline.note(message.tenant_id, EventKind.MESSAGE, text, message=message.pk)


def enqueue_delivery(message: Message) -> None:
    """Queue the next attempt at a message."""
    enqueue_as(f"message {message.pk}", send, message.pk, message.attempts)


sweeps.register(
    sweeps.Sweep(
        "e-mails",
        (send,),
        lambda again_after: sweeps.due(_unsent(), again_after),
        partial(queue_due, SWEPT_AT_ONCE),
        lambda now: sweeps.oldest(_unsent(), now),
    )
)
