"""Webhooks, the life-cycle events that they get, and the tokens of the read API."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.fields import EncryptedTextField
from tenants.models import Tenant


class LifecycleKind(models.TextChoices):
    """The events of a tenant's life."""

    REGISTERED = "tenant.registered", "Registered"
    LIVE = "tenant.live", "Live"
    BROKEN = "tenant.broken", "Broken"
    HEALED = "tenant.healed", "Healed"
    OFFBOARDED = "tenant.offboarded", "Off-boarded"


def every_kind() -> list[str]:
    """Return all kinds of events: what a new webhook gets."""
    return list(LifecycleKind.values)


class Webhook(models.Model):
    """An address of the ISV's own systems. Address and secret are encrypted and never shown.

    `next_attempt_at`: it is not called before. `failures` counts the calls in a row that failed.
    The running task holds the lease.
    """

    name = models.CharField(max_length=60, unique=True)
    url = EncryptedTextField()
    host = models.CharField(max_length=255, editable=False)
    secret = EncryptedTextField(editable=False)
    kinds = models.JSONField("events", default=every_kind, help_text="What it gets.")
    is_on = models.BooleanField(
        "on", default=True, help_text="Off: nothing is sent, and new events are not kept for it."
    )
    created_at = models.DateTimeField("made", default=timezone.now, editable=False)
    failures = models.PositiveIntegerField("failed in a row", default=0, editable=False)
    next_attempt_at = models.DateTimeField(
        "not called before", default=timezone.now, editable=False
    )
    queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    lease_holder = models.CharField(max_length=100, blank=True, default="", editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Lifecycle(models.Model):
    """A tenant's last event. `was_live`: since it registered."""

    tenant = models.OneToOneField(
        Tenant, on_delete=models.CASCADE, primary_key=True, related_name="lifecycle"
    )
    last = models.CharField(max_length=20, choices=LifecycleKind.choices, blank=True)
    was_live = models.BooleanField(default=False)
    sequence = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.tenant}: {self.get_last_display() or 'nothing yet'}"


class WebhookEvent(models.Model):
    """Something that happened to a tenant, as webhooks get it. `body` is sent as it is.

    `sequence` counts a tenant's events from 1.
    """

    uid = models.UUIDField("id", default=uuid.uuid4, unique=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=LifecycleKind.choices)
    sequence = models.PositiveIntegerField()
    body = models.TextField()
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "sequence"], name="one_event_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.tenant}"


class WebhookDeliveryStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"


class WebhookDelivery(models.Model):
    """One event for one webhook. `attempts` is counted before each call."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    status = models.CharField(
        max_length=10,
        choices=WebhookDeliveryStatus.choices,
        default=WebhookDeliveryStatus.WAITING,
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    answer = models.PositiveSmallIntegerField("answered", null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    delivered_at = models.DateTimeField("delivered", null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "webhook deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["webhook", "event"], name="one_delivery_an_event")
        ]
        indexes: ClassVar = [
            # The worker asks every second, and most deliveries have ended.
            models.Index(
                fields=["webhook", "next_attempt_at"],
                name="webhook_waiting",
                condition=Q(status="waiting"),
            ),
        ]
        permissions: ClassVar = [("resend_webhookdelivery", "Can send a webhook's event again")]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"


class Scope(models.TextChoices):
    """What a token of the read API may read."""

    TENANTS = "tenants:read", "Tenants"
    HEALTH = "health:read", "Health"


class ApiToken(models.Model):
    """A token of the read API. Only its digest is stored; the token itself is shown once."""

    name = models.CharField(max_length=60, help_text="What uses it.")
    begins = models.CharField("begins with", max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, help_text="What it may read.")
    made_by = models.CharField(max_length=150, editable=False)
    made_at = models.DateTimeField("made", default=timezone.now, editable=False)
    expires_at = models.DateTimeField("expires")
    revoked_at = models.DateTimeField("revoked", null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "API token"
        permissions: ClassVar = [("revoke_apitoken", "Can revoke a token of the read API")]

    def __str__(self) -> str:
        return self.name
