"""Registration callouts, and what limits them: used signatures and token buckets."""

from django.db import models
from django.utils import timezone
from django.utils.timezone import localtime

from tenants.models.tenant import Tenant


class Callout(models.Model):
    """One registration callout, stored before it is checked, so that none is lost."""

    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    request_id = models.CharField(max_length=64, blank=True, db_default="", db_index=True)
    remote_address = models.GenericIPAddressField(null=True)
    content_type = models.CharField(max_length=255, blank=True)
    # Bytes, because the body may be in no known encoding, and is stored in any case.
    body = models.BinaryField()
    truncated = models.BooleanField(default=False)
    signed = models.BooleanField(default=False)
    status = models.PositiveSmallIntegerField("answered", null=True)
    outcome = models.TextField(blank=True)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="callouts"
    )

    class Meta:
        ordering = ["-received_at", "-pk"]

    def __str__(self) -> str:
        return (
            f"{localtime(self.received_at):%-d %b %Y, %H:%M:%S} → {self.status or 'not answered'}"
        )

    @property
    def text(self) -> str:
        """The body as text. Invalid UTF-8 is shown as U+FFFD."""
        return bytes(self.body).decode("utf-8", "replace")


class UsedSignature(models.Model):
    """A signature that was accepted; each is accepted once. Rows older than the time window are
    pruned.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    used_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.digest[:8]


class RateBucket(models.Model):
    """A token bucket: `tokens` left at `filled_at`; or a counter. See tenants/limits.py."""

    key = models.CharField(max_length=100, primary_key=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
