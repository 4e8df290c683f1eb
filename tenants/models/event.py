"""The timeline of a tenant."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.utils import timezone
from django.utils.timezone import localtime

from tenants.models.tenant import Tenant


class EventKind(models.TextChoices):
    """What can happen to a tenant. `connect` adds its events here too: there is one timeline."""

    REGISTERED = "registered", "Registered"
    REGISTERED_AGAIN = "registered_again", "Registered again"
    RETURNED = "returned", "Called again after its end"
    CONFLICT = "conflict", "Conflicting registration"
    APPROVED = "approved", "Approved"
    CONSENTED = "consented", "Signed in to Salesforce"
    CONSENT_REFUSED = "consent_refused", "Sign-in refused"
    GRANT_LOST = "grant_lost", "Salesforce grant lost"
    STAGE = "stage", "Stage"
    WAITING = "waiting", "Waiting"
    TROUBLE = "trouble", "Trouble"
    BLOCKED = "blocked", "Blocked"
    ADDON_CREATED = "addon_created", "Add-on created"
    AUTHORIZED = "authorized", "Heroku Connect authorized"
    LIVE = "live", "Live"
    STAFF_ACTION = "staff_action", "Staff action"
    NOTE = "note", "Note"
    MESSAGE = "message", "Message"
    RESUMED = "resumed", "Pause over"
    OFFBOARDED = "offboarded", "Off-boarded"
    INCIDENT = "incident", "Incident"
    HEALING = "healing", "Self-healing"


class Event(models.Model):
    """One line of a tenant's timeline. Append-only: the database refuses UPDATE and DELETE.

    The exceptions are an erasure and retention (docs/adr/0013).
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150, default="portal")
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    text = models.TextField()
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-at"], name="event_timeline"),
            models.Index(fields=["-at", "-id"], name="event_newest"),
            models.Index(fields=["actor", "-at"], name="event_by_actor"),
            models.Index(
                # Staff search the timeline by a request id that Heroku's support names.
                KT("data__request_id"),
                name="event_request",
                condition=Q(data__has_key="request_id"),
            ),
        ]

    def __str__(self) -> str:
        return f"{localtime(self.at):%-d %b %Y, %H:%M:%S} {self.text}"
