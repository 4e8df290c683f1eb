"""Every e-mail of the portal: written down with the change that causes it, sent afterwards.

Sending is at least once. An attempt is counted before it is made, and an attempt that dies with its
worker is followed by the next one; so a mail may come twice, but it is never lost without a trace.
"""

import logging
from datetime import timedelta

from anymail.exceptions import AnymailRecipientsRefused
from anymail.message import AnymailMessage
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from tenants import addresses, attempts, links, timeline
from tenants.addresses import Address
from tenants.attempts import Schedule, minutes
from tenants.models import EventKind, Message, MessageKind, MessageStatus, Tenant
from tenants.progress import Turn, progress_of
from tenants.queue import enqueue_as
from tenants.redaction import redact

log = logging.getLogger(__name__)

# The pause after each attempt; the one after the table is the last, then the message has failed.
SCHEDULE = Schedule(minutes(1, 5, 30, 120, 480), last=timedelta(minutes=480))
QUEUED_FOR = timedelta(minutes=1)  # then its task counts as lost
STAFF_KINDS = (MessageKind.BLOCKED, MessageKind.PORTAL, MessageKind.INCIDENT)
AUTHORIZE_KINDS = (
    MessageKind.AUTHORIZE,
    MessageKind.AUTHORIZE_REMINDER,
    MessageKind.AUTHORIZE_AGAIN,
)
_TO_BE_SENT_NOW = {
    Turn.SIGN_IN: MessageKind.SIGN_IN,
    Turn.AUTHORIZE: MessageKind.AUTHORIZE,
    Turn.DONE: MessageKind.LIVE,
}


# --- writing -------------------------------------------------------------------------------------
def queue(tenant: Tenant | None, kind: MessageKind, key: str, **context: str) -> Message:
    """Write a message and queue its delivery, in the caller's transaction if there is one.

    The same key is written once: a second call returns the first one's row.
    """
    known = Message.objects.filter(key=key).first()
    if known:
        return known
    with transaction.atomic():
        message, is_new = Message.objects.get_or_create(
            key=key, defaults=_draft(tenant, kind, context)
        )
        if is_new and message.status == MessageStatus.QUEUED:
            _enqueue(message)
    return message


def alert_staff(tenant: Tenant | None, key: str, subject: str, text: str) -> Message:
    """Tell staff once for each key that a tenant, or without one the portal, needs them."""
    kind = MessageKind.BLOCKED if tenant else MessageKind.PORTAL
    return queue(tenant, kind, key, subject=subject, text=text)


def resend(tenant_id: int, actor: str) -> Message | None:
    """Write the mail that fits where the tenant stands, with a fresh link; None if none fits."""
    tenant = Tenant.objects.get(pk=tenant_id)
    kind = _TO_BE_SENT_NOW.get(progress_of(tenant).turn)
    if kind is None or tenant.offboarded_at:
        return None
    with transaction.atomic():
        message = queue(tenant, kind, key=f"{kind}:{tenant.pk}:resent:{timezone.now().isoformat()}")
        text = f"Sent “{kind.label}” again to {message.to}."
        timeline.note(tenant, EventKind.STAFF_ACTION, text, actor=actor, message=message.pk)
    return message


def _draft(tenant: Tenant | None, kind: MessageKind, context: dict[str, str]) -> dict[str, object]:
    to = ", ".join(settings.STAFF_EMAILS)
    if tenant and kind not in STAFF_KINDS:
        to = tenant.admin_email
    days = links.LIFETIME.days
    known = {**context, "tenant": tenant, "link": _link(tenant, kind), "days": days}
    subject, text, html = (
        render_to_string(f"tenants/mail/{kind}.{part}", known)
        for part in ("subject.txt", "txt", "html")
    )
    return {
        "tenant": tenant,
        "kind": kind,
        "to": to,
        "subject": " ".join(subject.split())[:255],  # one line, whatever an org is named
        "text": text.strip() + "\n",
        "html": html,
        "next_attempt_at": timezone.now() + QUEUED_FOR,
        "status": MessageStatus.QUEUED if to else MessageStatus.FAILED,
        "error": "" if to else "There is nobody to send this to: set STAFF_EMAILS or DEV_EMAIL.",
    }


def _link(tenant: Tenant | None, kind: MessageKind) -> str:
    if tenant is None or kind in STAFF_KINDS:
        return addresses.of(Address.STAFF, tenant)
    if kind in AUTHORIZE_KINDS:
        return addresses.of(Address.AUTHORIZE, tenant)
    return links.sign_in_url(tenant)


# --- sending -------------------------------------------------------------------------------------
def queue_due(limit: int) -> int:
    """Queue the delivery of messages whose next attempt is due; return how many."""
    now = timezone.now()
    with transaction.atomic():
        due = Message.objects.filter(status=MessageStatus.QUEUED, next_attempt_at__lte=now)
        messages = list(due.order_by("next_attempt_at").select_for_update(skip_locked=True)[:limit])
        for message in messages:
            _enqueue(message)
        Message.objects.filter(pk__in=[message.pk for message in messages]).update(
            next_attempt_at=now + QUEUED_FOR
        )
    return len(messages)


def send(message_id: int, attempt: int = 0) -> None:
    """Make one attempt at a message, unless that attempt was made already.

    `attempt` counts from 0. Of two workers with the same task, only one counts the attempt up.
    """
    queued = Message.objects.filter(pk=message_id, status=MessageStatus.QUEUED)
    if attempt > len(SCHEDULE.pauses):  # the last attempt died with its worker
        failed = {"status": MessageStatus.FAILED, "error": "Every attempt broke off."}
        if queued.filter(attempts=attempt).update(**failed):
            _note_failure(Message.objects.get(pk=message_id))
        return
    if not attempts.count(queued, attempt, next_attempt_at=SCHEDULE.next_at(attempt)):
        return
    message = Message.objects.get(pk=message_id)
    try:
        provider_id = _deliver(message)
    except AnymailRecipientsRefused as error:
        _fail(message, error, for_good=True)
    except Exception as error:  # a mail backend may raise anything; the row keeps what it was
        _fail(message, error, for_good=SCHEDULE.is_used_up(attempt))
    else:
        _note_sent(message, provider_id)


def _deliver(message: Message) -> str:
    """Hand a message to the mail backend; return the provider's one id for it, or ""."""
    mail = AnymailMessage(
        subject=message.subject,
        body=message.text,
        to=message.to.split(", "),
        headers={"Auto-Submitted": "auto-generated"},
        tags=[message.kind],
        metadata={"message": str(message.pk)},
    )
    mail.attach_alternative(message.html, "text/html")
    mail.send()
    provider_id = mail.anymail_status.message_id
    return "" if provider_id is None or isinstance(provider_id, set) else str(provider_id)


def _note_sent(message: Message, provider_id: str) -> None:
    with transaction.atomic():
        Message.objects.filter(pk=message.pk, status=MessageStatus.QUEUED).update(
            status=MessageStatus.SENT, sent_at=timezone.now(), provider_id=provider_id, error=""
        )
        _note(message, f"Sent “{message.get_kind_display()}” to {message.to}.")


def _fail(message: Message, error: Exception, *, for_good: bool) -> None:
    message.error = redact(f"{type(error).__name__}: {error}")[:1000]
    message.status = MessageStatus.FAILED if for_good else MessageStatus.QUEUED
    log.warning("mail not sent message=%s attempts=%s", message.pk, message.attempts)
    with transaction.atomic():
        message.save(update_fields=["error", "status"])
        if for_good:
            _note_failure(message)


def _note_failure(message: Message) -> None:
    kind = message.get_kind_display()
    _note(message, f"“{kind}” could not be sent to {message.to}: {message.error}")


def _note(message: Message, text: str) -> None:
    if message.tenant_id:
        timeline.note(message.tenant_id, EventKind.MESSAGE, text, message=message.pk)


def _enqueue(message: Message) -> None:
    enqueue_as(f"message {message.pk}", send, message.pk, message.attempts)


# --- what became of it ---------------------------------------------------------------------------
def note_delivery(message_id: int) -> None:
    """Note that the provider delivered a message."""
    Message.objects.filter(pk=message_id, status=MessageStatus.SENT).update(
        status=MessageStatus.DELIVERED
    )


def note_bounce(message_id: int, reason: str) -> None:
    """Note that a message came back, and tell staff if a subscriber was to get it."""
    with transaction.atomic():
        # Still queued: the provider may be faster with its report than we with our note.
        not_over = (MessageStatus.QUEUED, MessageStatus.SENT, MessageStatus.DELIVERED)
        sent = Message.objects.filter(pk=message_id, attempts__gt=0, status__in=not_over)
        if not sent.update(status=MessageStatus.BOUNCED, error=reason):
            return
        message = Message.objects.select_related("tenant").get(pk=message_id)
        text = f"“{message.get_kind_display()}” to {message.to} came back: {reason}"
        _note(message, text)
        if message.tenant and message.kind not in STAFF_KINDS:
            alert_staff(
                message.tenant,
                key=f"bounced:{message.pk}",
                subject=f"A mail to {message.tenant} came back",
                text=f"{text}. Correct the address, then send it again.",
            )
