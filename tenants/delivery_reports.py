"""What the mail provider reports about a sent message."""

from django.db import transaction

from tenants import sending
from tenants.messages import STAFF_KINDS, notify_staff
from tenants.models import Message, MessageStatus


def record_delivery(message_id: int) -> None:
    """Note that the provider delivered a message."""
    # Only from SENT: reports may come late or twice, and must not undo a bounce.
    Message.objects.filter(pk=message_id, status=MessageStatus.SENT).update(
        status=MessageStatus.DELIVERED
    )


def record_bounce(message_id: int, reason: str) -> None:
    """Note that a message bounced, and notify staff if it was for a subscriber."""
    with transaction.atomic():
        # Still queued: the provider's report may arrive before we have stored that it was sent.
        not_over = (MessageStatus.QUEUED, MessageStatus.SENT, MessageStatus.DELIVERED)
        sent = Message.objects.filter(pk=message_id, attempts__gt=0, status__in=not_over)
        if not sent.update(status=MessageStatus.BOUNCED, error=reason):
            return
        message = Message.objects.select_related("tenant").get(pk=message_id)
        text = f"“{message.get_kind_display()}” to {message.to} came back: {reason}"
        sending.note(message, text)
        # A stranger may have made up the address; the timeline is enough.
        is_ours = message.tenant and message.tenant.is_trusted("admin_email")
        if message.tenant and is_ours and message.kind not in STAFF_KINDS:
            notify_staff(
                message.tenant,
                key=f"bounced:{message.pk}",
                subject=f"A mail to {message.tenant} came back",
                text=f"{text}. Correct the address, then send it again.",
            )
