"""What Heroku Connect itself reports: its checks and its notifications."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.timezone import localtime


class Diagnosis(models.Model):
    """One run of Heroku Connect's own checks."""

    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.CASCADE, related_name="diagnoses"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150, default="portal")
    run_id = models.CharField(max_length=100, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
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
        return f"{self.connection}, {localtime(self.asked_at):%-d %b %Y, %H:%M}"


class Notification(models.Model):
    """A notification from Heroku Connect. It is kept after it is acknowledged."""

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
