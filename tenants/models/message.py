"""The portal's e-mails."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.models.tenant import Tenant


class MessageKind(models.TextChoices):
    SIGN_IN = "sign_in", "Please sign in"
    AUTHORIZE = "authorize", "Please authorize Heroku Connect"
    LIVE = "live", "You are live"
    SIGN_IN_REMINDER = "sign_in_reminder", "Reminder: please sign in"
    AUTHORIZE_REMINDER = "authorize_reminder", "Reminder: please authorize Heroku Connect"
    BLOCKED = "blocked", "Staff alert: a tenant is blocked"
    PORTAL = "portal", "Staff alert: the portal needs attention"
    AUTHORIZE_AGAIN = "authorize_again", "Please authorize again"
    INCIDENT = "incident", "Staff alert: sync incident"
    NEW_LINK = "new_link", "Your new link"


class MessageStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Bounced"
    HELD = "held", "Held back"


class Message(models.Model):
    """One e-mail: written down first, sent afterwards by tenants.sending.send."""

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    kind = models.CharField(max_length=20, choices=MessageKind.choices)
    key = models.CharField(
        max_length=200,
        unique=True,
        help_text="Unique: a second message with this key is not stored.",
    )
    to = models.CharField(max_length=1000)
    subject = models.CharField(max_length=255)
    text = models.TextField()
    html = models.TextField()
    status = models.CharField(
        max_length=10, choices=MessageStatus.choices, default=MessageStatus.QUEUED
    )
    error = models.TextField(blank=True)
    provider_id = models.CharField(max_length=255, blank=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"], name="message_due", condition=Q(status="queued")
            ),
            models.Index(
                fields=["tenant"],
                name="message_lost",
                condition=Q(status__in=["bounced", "failed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} → {self.to}"


class StoppedRecipient(models.Model):
    """Somebody who said that a registration is not theirs. No unproven tenant mails them again.

    Only a digest of the address is stored: the person has nothing to do with the portal.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="stopped_recipients")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.tenant.org_id}: {self.digest[:8]}"
