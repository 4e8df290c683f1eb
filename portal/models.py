"""The portal's own memory: is the worker alive?"""

from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """One row a worker process group; written every few seconds while it lives."""

    worker = models.CharField(max_length=100, primary_key=True)
    started_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-beat_at"]

    def __str__(self) -> str:
        return self.worker
