"""How each connection does, now and over time."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.timezone import localtime


class Condition(models.TextChoices):
    """How a connection or a mapping does, from best to worst: the only words for health.

    This order is the only ranking: pages, filters, metrics and charts take it from here.
    connect.health.states says what a state of Heroku Connect means, connect.health.conditions what
    a live connection's condition is now.
    """

    HEALTHY = "healthy", "Healthy"
    WORKING = "working", "Working"
    DEGRADED = "degraded", "Degraded"
    PAUSED = "paused", "Paused"  # all of the data waits, not only a part
    UNKNOWN = "unknown", "Unknown"
    BROKEN = "broken", "Broken"
    NEEDS_AUTHORIZATION = "needs_authorization", "Needs authorization"


class Health(models.Model):
    """The present health of one connection. The row is created with the first fact.

    `condition` was noted at the last observation (`sampled_at`). Read it through
    connect.health.conditions: an old observation says nothing about now.
    `unknown_since` is set while the connection cannot be observed.
    """

    connection = models.OneToOneField(
        "connect.Connection", on_delete=models.CASCADE, related_name="health", primary_key=True
    )
    condition = models.CharField(
        max_length=20, choices=Condition.choices, default=Condition.UNKNOWN, db_index=True
    )
    reason = models.CharField(max_length=500, blank=True)
    since = models.DateTimeField("in this condition since", default=timezone.now)
    failing_mappings = models.JSONField(default=list, help_text="Objects whose mappings fail.")
    unknown_since = models.DateTimeField(null=True, blank=True)
    good_at = models.DateTimeField("last good sync", null=True, blank=True)
    failed_at = models.DateTimeField("last look that failed", null=True, blank=True)
    sampled_at = models.DateTimeField("last seen", null=True, blank=True)
    deep_at = models.DateTimeField("mappings seen", null=True, blank=True)
    paused_by = models.CharField(
        max_length=150, blank=True, help_text="The user who paused it in the portal."
    )
    paused_at = models.DateTimeField(null=True, blank=True)

    # --- uptime in thousandths of the observed time
    uptime_day = models.PositiveSmallIntegerField(null=True, blank=True)
    uptime_week = models.PositiveSmallIntegerField(null=True, blank=True)
    uptime_month = models.PositiveSmallIntegerField(null=True, blank=True)

    # --- what the tenant's schema tells
    scanned_at = models.DateTimeField(null=True, blank=True)
    tables_missing = models.BooleanField(default=False)
    backlog = models.PositiveBigIntegerField("writes waiting", default=0)
    failing_writes = models.JSONField(
        default=dict, help_text="Failed writes by cause, at the last scan."
    )
    backlog_since = models.DateTimeField("oldest write waiting", null=True, blank=True)
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
    """A period of a connection's history that ends at `at`. Old samples are merged.

    `seconds` is the observed time, `seconds_up` the part of it in a good condition, and
    `seconds_degraded` the part in which some mappings failed. Paused and unseen time is in none.
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
    seconds_degraded = models.PositiveIntegerField(default=0)
    mappings = models.PositiveSmallIntegerField()
    mappings_synced = models.PositiveSmallIntegerField()
    rows_failed = models.BigIntegerField("failed (Heroku Connect's count)")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["connection", "-at"], name="health_series"),
            # For folding and pruning, which go by age over all connections.
            models.Index(fields=["at"], name="health_by_age"),
        ]

    def __str__(self) -> str:
        return f"{localtime(self.at):%-d %b %Y, %H:%M:%S} {self.state}"


class FleetCondition(models.Model):
    """How many live connections were in one condition in one quarter of an hour.

    Rolled up, because a day of samples is 288 rows for each connection: too many to be counted
    each time a dashboard is read (docs/adr/0008-fleet-conditions.md).
    """

    at = models.DateTimeField(help_text="The beginning of the quarter of an hour.")
    condition = models.CharField(max_length=20, choices=Condition.choices)
    connections = models.PositiveIntegerField()

    class Meta:
        ordering = ["-at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["at", "condition"], name="one_count_a_quarter")
        ]

    def __str__(self) -> str:
        at = f"{localtime(self.at):%-d %b %Y, %H:%M}"
        return f"{at} {self.get_condition_display()}: {self.connections}"
