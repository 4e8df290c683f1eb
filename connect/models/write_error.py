"""Writes that Salesforce refused, and their repair."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class WriteError(models.Model):
    """Failed writes of one tenant, object and cause, as the last scan counted them."""

    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.CASCADE, related_name="failures"
    )
    table_name = models.CharField("object", max_length=128)
    cause = models.CharField(
        max_length=300, help_text="Salesforce's message without ids, numbers and names."
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
        indexes: ClassVar = [
            models.Index(fields=["cause"], name="write_errors_by_cause"),
            # The list's order: its first page must not sort every error of every tenant.
            models.Index(fields=["-failed", "-id"], name="write_errors_most_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.table_name}: {self.cause}"


class WriteRepair(models.Model):
    """One failed write that staff retried or ignored, and the result."""

    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.CASCADE, related_name="repairs"
    )
    table_name = models.CharField("object", max_length=128)
    record_id = models.IntegerField("row")
    # No foreign keys: these rows are Heroku Connect's, and it moves and deletes them.
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
