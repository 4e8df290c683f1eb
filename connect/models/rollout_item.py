"""One tenant of a roll-out: what is next for it, and what was found and done."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from connect.models.blocked import BlockedKind
from connect.models.rollout import Rollout


class RolloutItemStatus(models.TextChoices):
    CHECKING = "checking", "Being checked"
    REFUSED = "refused", "Refused by the check"
    READY = "ready", "Waiting for its wave"
    WORKING = "working", "In progress"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


OPEN_STATUSES = (
    RolloutItemStatus.CHECKING,
    RolloutItemStatus.READY,
    RolloutItemStatus.WORKING,
)


class RolloutStep(models.TextChoices):
    """The next step for one tenant of a roll-out."""

    CHECK = "check", "Check"
    SEND = "send", "Send and load"
    PRUNE = "prune", "Delete what is no longer mapped"
    PAUSE = "pause", "Pause"
    CHANGE = "change", "Change the version"
    RESUME = "resume", "Resume"


class RolloutItem(models.Model):
    """One tenant of a roll-out. connect.rollouts.items works on it, holding the connection's lease.

    A connection is in one unfinished roll-out at most, so that lease is the item's lease too.
    """

    rollout = models.ForeignKey(
        Rollout, verbose_name="roll-out", on_delete=models.CASCADE, related_name="items"
    )
    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.PROTECT, related_name="rollout_items"
    )
    wave = models.PositiveIntegerField()
    target = models.ForeignKey(
        # A target of its own: in a roll-back each tenant returns to a version of its own.
        "connect.MappingTemplate",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    came_from = models.ForeignKey(
        "connect.MappingTemplate",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The version that the tenant had when this one was sent.",
    )

    # --- the work: what is next, and when
    status = models.CharField(
        max_length=10, choices=RolloutItemStatus.choices, default=RolloutItemStatus.CHECKING
    )
    step = models.CharField(max_length=10, choices=RolloutStep.choices, default=RolloutStep.CHECK)
    step_since = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(
        default=0, help_text="Attempts since the last success. Counted before the work."
    )
    waiting_for = models.CharField(max_length=500, blank=True)
    waiting_since = models.DateTimeField(
        null=True, help_text="The first wait of the step since the last error or press of staff."
    )
    renewals = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="How often that wait began again since the last success or press of staff.",
    )
    last_error = models.TextField(blank=True)
    last_request_id = models.CharField(max_length=100, blank=True)
    blocked_kind = models.CharField(
        max_length=20, choices=BlockedKind.choices, blank=True, help_text="Why it failed."
    )

    # --- what was found and done
    findings = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    sent_at = models.DateTimeField(
        null=True, help_text="When the import or the pause was requested."
    )
    sends = models.PositiveSmallIntegerField(default=0)
    revisions = models.JSONField(
        default=dict, help_text="Revisions of the mappings before the import."
    )
    was_paused = models.BooleanField(
        default=False, help_text="It was paused before, so it stays paused."
    )
    verdict = models.TextField(
        blank=True, help_text="Why it fails, after the connection has been resumed."
    )
    excused = models.BooleanField(
        default=False, help_text="Staff resumed the roll-out despite this failure."
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["wave", "pk"]
        verbose_name = "tenant of a roll-out"
        verbose_name_plural = "tenants of roll-outs"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rollout", "connection"], name="one_item_a_connection"),
            models.UniqueConstraint(
                # Two roll-outs must not change the mappings of one connection at the same time.
                fields=["connection"],
                condition=Q(status__in=["checking", "ready", "working"]),
                name="one_open_item_a_connection",
            ),
            models.CheckConstraint(
                condition=Q(status__in=RolloutItemStatus.values), name="item_status_is_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                name="item_due",
                condition=Q(status__in=["checking", "ready", "working"]),
            ),
            # Lists of roll-outs count their tenants by status.
            models.Index(fields=["rollout", "status"], name="item_of_rollout"),
        ]

    def __str__(self) -> str:
        return f"{self.connection.tenant}: {self.get_status_display().lower()}"
