"""What goes wrong for longer than a moment, and what is done about it."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.timezone import localtime

from tenants.models import Tended


class IncidentKind(models.TextChoices):
    """Kinds of problems: first Heroku Connect's states, then what the portal observes."""

    UNAUTHORIZED = "unauthorized", "Salesforce authorization lost"
    SYSTEM_ERROR = "system_error", "System error"
    DB_UNAVAILABLE = "db_unavailable", "Database unavailable"
    TOO_MANY_ROWS = "too_many_rows", "Row limit passed"
    HEROKU_UNAUTH = "heroku_unauth", "Heroku access lost"
    INACTIVE_ORG = "inactive_org", "Org inactive"
    SHELVED = "shelved", "Shelved for inactivity"
    PAUSED = "paused", "Paused by Heroku"
    MAPPING = "mapping", "A mapping fails"
    STRANGE_STATE = "strange_state", "A state never seen before"
    WRONG_ORG = "wrong_org", "Another org is authorized"
    UNSEEN = "unseen", "Cannot be seen"
    STUCK_WRITES = "stuck_writes", "Writes wait too long"
    WRITE_ERRORS = "write_errors", "Salesforce refuses writes"
    TABLES_MISSING = "tables_missing", "System tables missing"
    GRANT_LOST = "grant_lost", "Salesforce sign-in refused"
    UNINSTALLED = "uninstalled", "Package uninstalled?"
    REGION = "region", "Region does not answer"
    TOKEN = "token", "Heroku refuses the portal's token"
    LIST_REFUSED = "list_refused", "List of connections refused"
    STALE = "stale", "Connections not looked at"
    DATABASE = "database", "Tenants' database unavailable"


# Of all connections of a region: while it is open, this is what is wrong with each of them.
REGIONAL = (IncidentKind.REGION, IncidentKind.TOKEN)
# About the portal's work: one incident for any number of connections, and how each of them stands
# is known without it.
COMMON = (IncidentKind.LIST_REFUSED, IncidentKind.STALE, IncidentKind.DATABASE)


class IncidentStatus(models.TextChoices):
    SUSPECTED = "suspected", "Suspected"
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


class Incident(Tended):
    """A lasting problem of a connection or a region.

    It begins as suspected, without an alert; opens when it lasts; closes when its cause has been
    absent for a while. Opening and closing send one alert each. The trouble itself begins at
    `suspected_at`, and it ends at `absent_since`.
    """

    kind = models.CharField(max_length=20, choices=IncidentKind.choices)
    connection = models.ForeignKey(
        "connect.Connection",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="incidents",
    )
    region_url = models.URLField("region URL", blank=True)
    scope = models.CharField(
        max_length=80,
        blank=True,
        help_text="The Heroku account or the tenants' database that it is about, if it has a name.",
    )
    status = models.CharField(
        max_length=10, choices=IncidentStatus.choices, default=IncidentStatus.SUSPECTED
    )
    text = models.TextField()
    parts = models.JSONField(
        default=list, help_text="What it is about, e.g. objects. Staff were alerted to each."
    )
    doubtful_parts = models.JSONField(
        default=list, help_text="Parts that were new at the last observation."
    )
    suspected_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    observation_count = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(null=True, blank=True)
    absent_since = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reopened = models.PositiveIntegerField(default=0, help_text="How often it came back soon.")
    reminded_at = models.DateTimeField(null=True, blank=True)

    post_mortem = models.TextField(
        "post-mortem",
        blank=True,
        default="",
        db_default="",
        help_text="What happened, why, and what is done so that it does not happen again.",
    )

    # --- what the portal does about it by itself
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    needs_person_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-suspected_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                # A closed one may be followed by another, so only unclosed ones are unique.
                fields=["connection", "kind"],
                condition=~Q(status="closed") & Q(connection__isnull=False),
                name="one_incident_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["region_url", "scope", "kind"],
                condition=~Q(status="closed") & Q(connection=None),
                name="one_incident_a_region",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                name="incident_due",
                condition=Q(status="open", next_attempt_at__isnull=False),
            ),
            models.Index(fields=["status", "kind"], name="incident_by_status"),
            # The dashboard shows the oldest.
            models.Index(
                fields=["suspected_at", "id"], name="incident_oldest", condition=Q(status="open")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.target}"

    @property
    def is_recovering(self) -> bool:
        """Whether it is open, but its cause was not there at the last look."""
        return self.status == IncidentStatus.OPEN and self.absent_since is not None

    @property
    def lasted(self) -> timedelta:
        """How long the trouble itself lasted, from its first observation until it was absent."""
        return (self.absent_since or self.closed_at or timezone.now()) - self.suspected_at

    @property
    def target(self) -> str:
        """The tenant, the region, or the portal itself."""
        if self.connection:
            return str(self.connection.tenant)
        return self.region_url or self.scope or "the portal"


class HealingAttempt(models.Model):
    """One healing step of an incident."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="healing")
    at = models.DateTimeField(default=timezone.now)
    remedy = models.CharField(max_length=30)
    text = models.TextField()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{localtime(self.at):%-d %b %Y, %H:%M:%S} {self.remedy}"


class WebhookNotice(models.Model):
    """One alert to the staff's webhook: stored with the change, sent afterwards."""

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    rollout = models.ForeignKey(
        "connect.Rollout",
        verbose_name="roll-out",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
    )
    what = models.CharField(max_length=10)
    text = models.TextField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "what"], name="one_webhook_alert_a_change"),
            models.CheckConstraint(
                condition=Q(incident=None) ^ Q(rollout=None), name="webhook_alert_is_about_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.incident or self.rollout}"
