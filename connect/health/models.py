"""What is known of each connection's health, what went wrong, and what was done about it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from connect.health.states import Condition


class Health(models.Model):
    """How one connection does now. One row a connection, made at its first refresh.

    `unknown_since` is set while it cannot be seen; the condition before that is then history.
    """

    connection = models.OneToOneField(
        "connect.Connection", on_delete=models.CASCADE, related_name="health", primary_key=True
    )
    condition = models.CharField(
        max_length=20, choices=Condition.choices, default=Condition.UNKNOWN, db_index=True
    )
    reason = models.CharField(max_length=500, blank=True)
    since = models.DateTimeField("in this condition since", default=timezone.now)
    unknown_since = models.DateTimeField(null=True, blank=True)
    good_at = models.DateTimeField("last good sync", null=True, blank=True)
    sampled_at = models.DateTimeField(null=True, blank=True)
    deep_at = models.DateTimeField("mappings seen", null=True, blank=True)
    paused_by = models.CharField(
        max_length=150, blank=True, help_text="The person who paused it here, while it is paused."
    )

    # --- uptime, in thousandths, of the time in which it could be seen
    uptime_day = models.PositiveSmallIntegerField(null=True, blank=True)
    uptime_week = models.PositiveSmallIntegerField(null=True, blank=True)
    uptime_month = models.PositiveSmallIntegerField(null=True, blank=True)

    # --- what the tenant's schema tells
    scanned_at = models.DateTimeField(null=True, blank=True)
    tables_missing = models.BooleanField(default=False)
    backlog = models.PositiveBigIntegerField("writes waiting", default=0)
    backlog_since = models.DateTimeField("oldest write waiting", null=True, blank=True)
    write_errors = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0, help_text="Rows in the mapped tables.")
    ordered_writes = models.BooleanField(
        default=True, help_text="Writes are sent one by one, and not merged."
    )

    # --- what the org and Heroku tell
    organization_id = models.CharField(max_length=18, blank=True)
    view_all_data = models.BooleanField(null=True, blank=True)
    probed_at = models.DateTimeField("package looked for", null=True, blank=True)
    package_gone_at = models.DateTimeField(null=True, blank=True)
    diagnosed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "sync health"
        indexes: ClassVar = [
            models.Index(fields=["probed_at"], name="health_probe_due"),
            models.Index(fields=["diagnosed_at"], name="health_diagnosis_due"),
        ]
        permissions: ClassVar = [
            ("diagnose_connection", "Can diagnose a connection and acknowledge notifications"),
            ("link_connection", "Can link a connection to the portal again"),
            ("reauthorize_connection", "Can ask a subscriber to authorize again"),
            ("repair_writes", "Can retry and ignore failed writes"),
        ]

    def __str__(self) -> str:
        return f"{self.connection}: {self.get_condition_display()}"


class HealthSample(models.Model):
    """A stretch of a connection's history, ending at `at`. Old ones are folded together.

    `seconds` is how long it was seen, `seconds_up` for how long of that it did well; time in which
    it was paused or could not be seen counts as neither.
    """

    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.CASCADE, related_name="samples"
    )
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=40)
    condition = models.CharField(
        max_length=20, choices=Condition.choices, default=Condition.UNKNOWN
    )
    seconds = models.PositiveIntegerField(default=0)
    seconds_up = models.PositiveIntegerField(default=0)
    mappings = models.PositiveSmallIntegerField()
    mappings_synced = models.PositiveSmallIntegerField()
    rows_failed = models.BigIntegerField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["connection", "-at"], name="health_series"),
            models.Index(fields=["at"], name="health_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.state}"


class IncidentKind(models.TextChoices):
    """What can be wrong. Heroku Connect's own state first, then what the portal notices."""

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
    TABLES_MISSING = "tables_missing", "System tables missing"
    GRANT_LOST = "grant_lost", "Salesforce sign-in refused"
    UNINSTALLED = "uninstalled", "Package uninstalled?"
    REGION = "region", "Region does not answer"
    TOKEN = "token", "Heroku refuses the portal's token"


class IncidentStatus(models.TextChoices):
    SUSPECTED = "suspected", "Suspected"
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


class Incident(models.Model):
    """Something that is wrong for longer than a moment, with a tenant's connection or a region.

    Begins as a suspicion that nobody is told of; becomes open when it lasts; closes when its cause
    has been away for a while. Opening and closing are told once each.
    """

    kind = models.CharField(max_length=20, choices=IncidentKind.choices)
    connection = models.ForeignKey(
        "connect.Connection",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="incidents",
    )
    region_url = models.URLField(blank=True)
    status = models.CharField(
        max_length=10, choices=IncidentStatus.choices, default=IncidentStatus.SUSPECTED
    )
    text = models.TextField()
    suspected_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    sights = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(null=True, blank=True)
    away_since = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    # --- what the portal does about it by itself
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    needs_person_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-suspected_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "kind"],
                condition=~Q(status="closed") & Q(connection__isnull=False),
                name="one_incident_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["region_url", "kind"],
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
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.whom}"

    @property
    def whom(self) -> str:
        """The tenant, the region, or the portal itself."""
        if self.connection:
            return str(self.connection.tenant)
        return self.region_url or "the portal"


class HealingAttempt(models.Model):
    """One thing that the portal did by itself about an incident."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="healing")
    at = models.DateTimeField(default=timezone.now)
    remedy = models.CharField(max_length=30)
    text = models.TextField()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.remedy}"


class WebhookNotice(models.Model):
    """One call to the staff's webhook: written with the change, made afterwards."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="notices")
    what = models.CharField(max_length=10)
    text = models.TextField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "what"], name="told_once_by_webhook")
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.incident}"


class WriteError(models.Model):
    """Failed writes of one tenant, object and cause, as the last scan counted them."""

    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.CASCADE, related_name="failures"
    )
    table_name = models.CharField("object", max_length=128)
    cause = models.CharField(
        max_length=300, help_text="Salesforce's words, with ids, numbers and names left out."
    )
    example = models.TextField()
    failed = models.PositiveBigIntegerField()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-failed", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "table_name", "cause"], name="one_row_a_cause"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["cause"], name="write_errors_by_cause")]

    def __str__(self) -> str:
        return f"{self.table_name}: {self.cause}"


class WriteRepair(models.Model):
    """One failed write that somebody had sent again or ignored, and what came of it."""

    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.CASCADE, related_name="repairs"
    )
    table_name = models.CharField("object", max_length=128)
    record_id = models.IntegerField("row")
    log_id = models.IntegerField("log entry")
    new_log_id = models.IntegerField("new log entry", null=True, blank=True)
    cause = models.CharField(max_length=300)
    action = models.CharField(max_length=10)
    actor = models.CharField(max_length=150)
    asked_at = models.DateTimeField(default=timezone.now, db_index=True)
    result = models.CharField(max_length=10, blank=True)
    message = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["connection"], name="repair_under_way", condition=Q(ended_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.table_name} {self.record_id}"


class Diagnosis(models.Model):
    """One run of Heroku Connect's own checks."""

    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.CASCADE, related_name="diagnoses"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150, default="portal")
    run_id = models.CharField(max_length=100, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=500, blank=True)
    errors = models.PositiveSmallIntegerField(default=0)
    warnings = models.PositiveSmallIntegerField(default=0)
    findings = models.JSONField(
        default=list, help_text="Pile, object, rule, title, message and link of each finding."
    )

    class Meta:
        ordering = ["-asked_at", "-pk"]
        verbose_name_plural = "diagnoses"
        indexes: ClassVar = [
            models.Index(fields=["asked_at"], name="diagnosis_runs", condition=Q(ended_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.connection}, {self.asked_at:%Y-%m-%d %H:%M}"


class Notification(models.Model):
    """A notification of Heroku Connect's, kept beyond its acknowledgement."""

    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.CASCADE, related_name="notifications"
    )
    remote_id = models.CharField(max_length=60)
    at = models.DateTimeField()
    event_type = models.CharField(max_length=60)
    message = models.TextField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "remote_id"], name="notification_is_kept_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_type}: {self.message[:80]}"
