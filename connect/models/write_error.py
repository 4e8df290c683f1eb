"""Writes that Salesforce refused, and their repair."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class RepairResult(models.TextChoices):
    """The end of a repair. Only ARRIVED means that the write itself is in Salesforce."""

    IN_PROGRESS = "", "In progress"
    ARRIVED = "SUCCESS", "Arrived"
    OTHER_VALUES = "CHANGED", "Sent with other values"
    FAILED = "FAILED", "Failed again"
    MERGED = "MERGED", "Merged into a newer write"
    IGNORED = "IGNORED", "Ignored"
    READONLY = "READONLY", "Not sent: the mapping is read-only"
    SKIPPED = "SKIPPED", "Skipped"
    UNKNOWN = "UNKNOWN", "No result was seen"


class SkipReason(models.TextChoices):
    """Why a failed write was not sent again."""

    CHANGED = "changed", "the entry was changed since then"
    NO_TABLE = "no_table", "the object is no longer mapped"
    GONE = "gone", "the row is gone"
    RENUMBERED = "renumbered", "the row's number belongs to another record now"
    IS_RECORD = "is_record", "the row is a record in Salesforce by now"
    # Not in Salesforce is certain: the entry failed. Whose the row is now cannot be proven.
    OTHER_VALUES = (
        "other",
        "this write is not in Salesforce: its row number belongs to a record with other values",
    )
    NO_RECORD = "no_record", "the entry does not say which record to delete"
    WAITING = "waiting", "the row is already waiting to be inserted"


class WriteError(models.Model):
    """Failed writes of one tenant, object and cause, as the last scan counted them."""

    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.CASCADE, related_name="failures"
    )
    table_name = models.CharField("object", max_length=128)
    cause = models.CharField(
        max_length=300, help_text="What Salesforce's message says without any value."
    )
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
    # The cause's page. Not a foreign key, because its row is deleted when no failed write is left.
    error_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    table_name = models.CharField("object", max_length=128)
    record_id = models.IntegerField("row")
    # No foreign keys: these rows are Heroku Connect's, and it moves and deletes them.
    log_id = models.IntegerField("log entry")
    new_log_id = models.IntegerField("new log entry", null=True, blank=True)
    cause = models.CharField(max_length=300)
    action = models.CharField(max_length=10)
    actor = models.CharField(max_length=150)
    asked_at = models.DateTimeField(default=timezone.now, db_index=True)
    result = models.CharField(max_length=10, blank=True, choices=RepairResult.choices)
    reason = models.CharField("why skipped", max_length=10, blank=True, choices=SkipReason.choices)
    differences = models.JSONField(
        default=list,
        help_text="Columns that were sent with another value than the one that failed.",
    )
    message = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["connection"], name="repair_under_way", condition=Q(ended_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.table_name} {self.record_id}"
