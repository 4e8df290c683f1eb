"""Heartbeats of workers, what they have taken, and the runs of what staff press."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from connect.formats import counted
from connect.models import Connection
from tenants.models import Tenant


class Heartbeat(models.Model):
    """One row for each worker; updated every few seconds while it runs."""

    worker = models.CharField(max_length=100, primary_key=True)
    started_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-beat_at"]

    def __str__(self) -> str:
        return self.worker


class Delivery(models.Model):
    """A task that a worker has taken from the queue and not ended; see portal/deliveries.py.

    `ack` is the queue's own number of it. `worker` is "" while the task is free again.
    """

    ack = models.CharField(max_length=40, primary_key=True)
    payload = models.TextField()
    worker = models.CharField(max_length=100, blank=True, db_index=True)
    starts = models.PositiveSmallIntegerField(default=0)
    taken_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.ack}, started {self.starts} times"


class BulkRun(models.Model):
    """One press of staff: an action on one target or on many, done one by one (portal/bulk.py).

    `key` is made from the form that was sent, so a form that is sent twice makes one run.
    The running task holds the lease. A worker that dies loses it, so a death costs only time.
    """

    action = models.CharField(max_length=40, help_text="The action's name in the registry.")
    model = models.CharField(
        max_length=100, default="tenants.tenant", help_text="The registry has the action under it."
    )
    label = models.CharField("what", max_length=60)
    about = models.CharField("on what", max_length=255, blank=True)
    key = models.UUIDField(null=True, unique=True, editable=False)
    options = models.JSONField(default=dict, blank=True)
    actor = models.CharField("who", max_length=150)
    created_at = models.DateTimeField("asked", default=timezone.now)
    finished_at = models.DateTimeField("finished", null=True, blank=True)
    cancelled_at = models.DateTimeField("cancelled", null=True, blank=True)
    cancelled_by = models.CharField(max_length=150, blank=True)
    total = models.PositiveIntegerField("tenants")
    # The run whose changes this one takes back.
    undoes = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="undone_by"
    )
    next_attempt_at = models.DateTimeField(default=timezone.now)
    waiting_for = models.CharField(max_length=255, blank=True)
    # Set while a second manager must approve the run; then it is cancelled at that time.
    approval_by = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=150, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    lease_holder = models.CharField(max_length=100, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-pk"]
        constraints: ClassVar = [
            # A lease without an end could never be taken over.
            models.CheckConstraint(
                condition=Q(lease=None, lease_expires_at=None)
                | Q(lease__isnull=False, lease_expires_at__isnull=False, finished_at=None),
                name="bulk_lease_has_an_end",
            )
        ]
        indexes: ClassVar = [
            # The sweep looks for due runs every second, and most runs are finished.
            models.Index(
                fields=["next_attempt_at"], name="bulk_run_due", condition=Q(finished_at=None)
            ),
            models.Index(
                fields=["lease_holder"], name="bulk_run_held", condition=~Q(lease_holder="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.about or counted(self.total, 'tenant')}"


class BulkItemStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    STARTED = "started", "Started"
    DONE = "done", "Done"
    PARTLY = "partly", "Partly done"
    SKIPPED = "skipped", "Skipped"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class BulkItem(models.Model):
    """One target of a run, and its outcome. `attempts` is counted before the work.

    `target` says what is meant within the tenant, e.g. an object; it is {} for the tenant itself.
    `options` are answers for this target alone, over those of the run. `before` is what the target
    was before, as far as an opposite action needs it.
    """

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="items")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, related_name="+")
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, null=True, related_name="+"
    )
    target = models.JSONField(default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True, db_default={})
    before = models.JSONField(default=dict, blank=True, db_default={})
    name = models.CharField("on what", max_length=255, blank=True)
    status = models.CharField(
        max_length=10, choices=BulkItemStatus.choices, default=BulkItemStatus.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    text = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "action"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "tenant", "connection", "target"], name="one_bulk_item_a_target"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "status"], name="bulk_item_status"),
            # The worker asks every second whether what was started has ended.
            models.Index(fields=["run"], name="bulk_item_started", condition=Q(status="started")),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.tenant}: {self.get_status_display()}"


class Preferences(models.Model):
    """How one member of staff wants the pages; see portal/preferences."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    time_zone = models.CharField(max_length=64, blank=True)  # "" is the portal's
    single_keys = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"Preferences of {self.user}"


class SavedFilter(models.Model):
    """Filters of a list that a member of staff keeps under a name; see portal/admin/kit/saved.py.

    `query` is the part of the list's address after "?". It holds no searched text, which may be a
    tenant's data.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=100, help_text="The list's model, e.g. tenants.tenant.")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=1000)

    class Meta:
        ordering = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "model", "name"], name="one_filter_a_name")
        ]

    def __str__(self) -> str:
        return self.name


class AuditKind(models.TextChoices):
    SIGNED_IN = "signed_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Sign-in failed"
    SIGN_IN_REFUSED = "sign_in_refused", "Sign-in refused"
    SIGNED_OUT = "signed_out", "Signed out"
    PROVEN = "proven", "Proved again who it is"
    FACTOR = "factor", "Second factor or password changed"
    DENIED = "denied", "Request denied"
    STAFF_CHANGED = "staff_changed", "Staff or role changed"
    SAVED = "saved", "Saved"
    PRESSED = "pressed", "Action"
    EXPORTED = "exported", "Exported"


class AuditEntry(models.Model):
    """One line of the audit trail; see portal/audit.py. Only the database's own rule deletes it."""

    at = models.DateTimeField("when", default=timezone.now, db_index=True)
    kind = models.CharField(max_length=20, choices=AuditKind.choices)
    actor = models.CharField("who", max_length=150, blank=True, db_index=True)
    address = models.GenericIPAddressField("from where", null=True, blank=True)
    what = models.CharField(max_length=255)
    about = models.CharField(max_length=255, blank=True)
    result = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit trail"
        indexes: ClassVar = [models.Index(fields=["kind", "-at"], name="audit_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.what}"
