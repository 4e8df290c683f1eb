"""Roll-outs: one change that is brought to many tenants, and where each of them stands."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.models import Tenant


class Tag(models.Model):
    """A label that staff give to tenants."""

    name = models.SlugField(max_length=40, unique=True)
    tenants = models.ManyToManyField(Tenant, blank=True, related_name="tags")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RolloutKind(models.TextChoices):
    MAPPINGS = "mappings", "Mappings"
    API_VERSION = "api_version", "Salesforce API version"


class RolloutStatus(models.TextChoices):
    CHECKING = "checking", "Checking"
    READY = "ready", "Ready to start"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    CANCELLED = "cancelled", "Cancelled"
    DONE = "done", "Done"


class Prune(models.TextChoices):
    """Which mappings are deleted after the new ones are loaded. An import never removes a
    mapping."""

    KEEP = "keep", "Delete nothing"
    REMOVED = (
        "removed",
        "Delete the objects that are in the tenant's old version and not in the new one",
    )
    ALL = "all", "Delete every object that is not in the new version"


class Rollout(models.Model):
    """One change for many tenants: first for a canary group, then wave by wave.

    Every tenant is checked first, which sends nothing; then staff start it. `wave` is the last wave
    that may be worked on; the first is 0. Without a template it is a roll-back: each tenant returns
    to its former version.
    """

    kind = models.CharField(
        max_length=12, choices=RolloutKind.choices, default=RolloutKind.MAPPINGS
    )
    template = models.ForeignKey(
        "connect.MappingTemplate",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rollouts",
        verbose_name="version",
    )
    api_version = models.CharField(max_length=6, blank=True)
    rolls_back = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="rolled_back_by"
    )
    notes = models.TextField(blank=True)
    author = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(
        max_length=10, choices=RolloutStatus.choices, default=RolloutStatus.CHECKING, db_index=True
    )
    pause_reason = models.TextField(blank=True)
    canary_size = models.PositiveIntegerField(
        "canary tenants",
        default=5,
        help_text="They go first. The others wait until all of them have ended.",
    )
    hold_after_canary = models.BooleanField(
        "pause after the canary", default=False, help_text="Until staff press “Resume”."
    )
    wave_size = models.PositiveIntegerField(
        "tenants in a wave", default=50, validators=[MinValueValidator(1)]
    )
    failure_limit = models.PositiveSmallIntegerField(
        "failure limit in %",
        default=10,
        validators=[MaxValueValidator(100)],
        help_text="It pauses automatically when more than this share of a wave has failed.",
    )
    prune = models.CharField(max_length=8, choices=Prune.choices, default=Prune.KEEP)
    starts_itself = models.BooleanField(default=False)
    wave = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "roll-out"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="mappings", api_version="")
                | Q(kind="api_version", template=None) & ~Q(api_version=""),
                name="rollout_has_its_target",
            ),
            models.CheckConstraint(
                condition=Q(status="paused") & ~Q(pause_reason="")
                | ~Q(status="paused") & Q(pause_reason=""),
                name="rollout_pause_has_a_reason",
            ),
        ]
        permissions: ClassVar = [
            ("steer_rollout", "Can start, resume, cancel, retry and roll back roll-outs"),
            ("pause_rollout", "Can pause a roll-out"),
        ]

    def __str__(self) -> str:
        return f"Roll-out {self.pk}: {self.aim}"

    @property
    def aim(self) -> str:
        """The goal of the roll-out, as text."""
        if self.kind == RolloutKind.API_VERSION:
            return f"API version {self.api_version}"
        if self.rolls_back_id:
            return f"back from roll-out {self.rolls_back_id}"
        return str(self.template or "each tenant's own version")


class ItemStatus(models.TextChoices):
    CHECKING = "checking", "Being checked"
    REFUSED = "refused", "Refused by the check"
    READY = "ready", "Waiting for its wave"
    WORKING = "working", "In progress"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


OPEN = (ItemStatus.CHECKING, ItemStatus.READY, ItemStatus.WORKING)


class Step(models.TextChoices):
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

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="items")
    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.PROTECT, related_name="rollout_items"
    )
    wave = models.PositiveIntegerField()
    target = models.ForeignKey(
        "connect.MappingTemplate", on_delete=models.PROTECT, null=True, related_name="+"
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
        max_length=10, choices=ItemStatus.choices, default=ItemStatus.CHECKING
    )
    step = models.CharField(max_length=10, choices=Step.choices, default=Step.CHECK)
    step_since = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(
        default=0, help_text="Tries since anything last went well; counted before the work."
    )
    waiting_for = models.CharField(max_length=500, blank=True)
    last_error = models.TextField(blank=True)
    last_request_id = models.CharField(max_length=100, blank=True)

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
                fields=["connection"],
                condition=Q(status__in=["checking", "ready", "working"]),
                name="one_open_item_a_connection",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ItemStatus.values), name="item_status_is_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                name="item_due",
                condition=Q(status__in=["checking", "ready", "working"]),
            ),
            models.Index(fields=["rollout", "status"], name="item_of_rollout"),
        ]

    def __str__(self) -> str:
        return f"{self.connection.tenant}: {self.get_status_display().lower()}"


class RolloutEvent(models.Model):
    """One line of a roll-out's timeline."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150)
    text = models.TextField()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.text}"
