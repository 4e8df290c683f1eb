"""E-mails: stored in the transaction of the change that causes them, sent afterwards.

tenants.sending sends them.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils import timezone

from tenants import addresses, links, pages, recipients, sending, timeline
from tenants.addresses import Address
from tenants.models import EventKind, Message, MessageKind, MessageStatus, Tenant
from tenants.progress import Button, Progress, progress_of

STAFF_KINDS = (MessageKind.BLOCKED, MessageKind.PORTAL, MessageKind.INCIDENT)

NO_MAIL = "the subscriber has nothing to do now, so there is no mail"


def queue(
    tenant: Tenant | None,
    kind: MessageKind,
    key: str,
    *,
    asked_by_staff: bool = False,
    **context: str,
) -> Message:
    """Write a message and queue its delivery, in the caller's transaction if there is one.

    A second call with the same key returns the existing row. A message to a contact that nothing
    proves may be held back (see tenants.recipients).
    """
    # Asked first, because steps call this at each look, and drafting renders three templates.
    known = Message.objects.filter(key=key).first()
    if known:
        return known
    with transaction.atomic():
        draft = _draft(tenant, kind, context)
        if tenant and kind not in STAFF_KINDS:
            held = recipients.reason_to_hold(tenant, asked_by_staff=asked_by_staff)
            draft |= {"status": MessageStatus.HELD, "error": held} if held else {}
        message, is_new = Message.objects.get_or_create(key=key, defaults=draft)
        if is_new and message.error == recipients.FLOOD:
            _tell_of_flood()
        # Of two workers with the same key one stores it, and that one queues it.
        if is_new and message.status == MessageStatus.QUEUED:
            sending.enqueue_delivery(message)
    return message


def notify_staff(
    tenant: Tenant | None, key: str, subject: str, text: str, *, about: Model | None = None
) -> Message:
    """Notify staff, once for each key, that a tenant or the portal itself needs them.

    The mail leads to the page of `about`, else to the tenant's row among all that needs staff, else
    to the dashboard.
    """
    kind = MessageKind.BLOCKED if tenant else MessageKind.PORTAL
    where = Address.WORK if tenant and not about else Address.STAFF
    link = addresses.of(where, about or tenant)
    return queue(tenant, kind, key, subject=subject, text=text, link=link)


def _tell_of_flood() -> None:
    text = (
        "Further mails of unproven registrations are held back. Look at the newest tenants; if "
        "they are genuine, resend their e-mails or raise UNPROVEN_MAILS_PER_HOUR."
    )
    subject = "Unproven registrations cause too many mails"
    notify_staff(None, f"unproven-mails:{timezone.now():%Y%m%d}", subject, text)


def refusal_to_resend(tenant: Tenant) -> str:
    """Return why no mail would be sent again, "" if there is one that says what the page says."""
    if tenant.offboarded_at or _kind_for(progress_of(tenant)) is None:
        return NO_MAIL
    held = recipients.reason_to_hold(tenant, asked_by_staff=True).rstrip(".")
    return held[:1].lower() + held[1:]


def resend(tenant_id: int, actor: str) -> Message | None:
    """Store the mail that says what the page says, with a new link; None if there is none.

    Both are noted on the timeline.
    """
    tenant = Tenant.objects.get(pk=tenant_id)
    progress = progress_of(tenant)
    kind = None if tenant.offboarded_at else _kind_for(progress)
    if kind is None:
        text = f"Resend e-mail: skipped, {NO_MAIL}."
        timeline.note(tenant, EventKind.STAFF_ACTION, text, actor=actor, outcome="skipped")
        return None
    with transaction.atomic():
        # A time in the key, since staff want another mail and not the stored one.
        key = f"{kind}:{tenant.pk}:resent:{timezone.now().isoformat()}"
        again = {"again": "yes"} if progress.was_live else {}
        message = queue(tenant, kind, key, asked_by_staff=True, **again)
        text = f"Resend e-mail: “{kind.label}” is queued for {message.to}."
        if message.status == MessageStatus.HELD:
            text = f"Resend e-mail: “{kind.label}” to {message.to} was not sent. {message.error}"
        timeline.note(tenant, EventKind.STAFF_ACTION, text, actor=actor, message=message.pk)
    return message


def _kind_for(progress: Progress) -> MessageKind | None:
    match progress.said.button:
        case Button.SIGN_IN:
            return MessageKind.SIGN_IN
        case Button.AUTHORIZE if progress.was_authorized:
            return MessageKind.AUTHORIZE_AGAIN
        case Button.AUTHORIZE:
            return MessageKind.AUTHORIZE
    return MessageKind.LIVE if progress.is_live else None


def _draft(tenant: Tenant | None, kind: MessageKind, context: dict[str, str]) -> dict[str, object]:
    to = _recipients(tenant, kind)
    days = links.LIFETIME.days
    known = {
        **context,
        "tenant": tenant,
        "link": context.get("link") or _link(tenant, kind),
        "days": days,
        "not_me_link": "",
        "heroku_log_in": pages.asks_for_heroku_log_in(),
    }
    if tenant and kind not in STAFF_KINDS and not tenant.is_trusted("admin_email"):
        known["not_me_link"] = recipients.not_me_url(tenant, to)
    subject, text, html = (
        render_to_string(f"tenants/mail/{kind}.{part}", known)
        for part in ("subject.txt", "txt", "html")
    )
    return {
        "tenant": tenant,
        "kind": kind,
        "to": to,
        "subject": " ".join(subject.split())[:255],  # an org's name may contain line breaks
        "text": text.strip() + "\n",
        "html": html,
        "next_attempt_at": timezone.now(),
        "queued_at": timezone.now(),
        "status": MessageStatus.QUEUED if to else MessageStatus.FAILED,
        "error": "" if to else "There is no recipient: set STAFF_EMAILS or DEV_EMAIL.",
    }


def _recipients(tenant: Tenant | None, kind: MessageKind) -> str:
    if tenant is None:
        return ", ".join(settings.STAFF_EMAILS)
    if kind not in STAFF_KINDS:
        return tenant.admin_email
    # Each once, in this order.
    return ", ".join(dict.fromkeys([*settings.STAFF_EMAILS, *tenant.alert_addresses]))


def _link(tenant: Tenant | None, kind: MessageKind) -> str:
    if tenant is None or kind in STAFF_KINDS:
        return addresses.of(Address.STAFF, tenant)
    # Also to authorize Heroku Connect: the page says what is needed before it leads there.
    return links.sign_in_url(tenant)
