"""Roll-outs: one change that is brought to many tenants, and where each of them stands."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.timezone import localtime

from tenants.models import Tenant, Tended


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
    ENDED = "ended", "Ended, not all done"
    REFUSED = "refused", "Refused everywhere"


class Prune(models.TextChoices):
    """Which mappings are deleted after the new ones are loaded; an import removes none."""

    KEEP = "keep", "Delete nothing"
    REMOVED = (
        "removed",
        "Delete the objects of the version before that the version after does not have",
    )
    ALL = "all", "Delete every object that the version after does not have"


class Rollout(Tended):
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
    api_version = models.CharField("API version", max_length=6, blank=True)
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
    paused_by = models.CharField(
        max_length=150, blank=True, help_text="The user who paused it, or the portal itself."
    )
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
    prune = models.CharField(
        "mapped objects to delete", max_length=8, choices=Prune.choices, default=Prune.KEEP
    )
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


class RolloutEvent(models.Model):
    """One line of a roll-out's timeline."""

    rollout = models.ForeignKey(
        Rollout, verbose_name="roll-out", on_delete=models.CASCADE, related_name="events"
    )
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150)
    text = models.TextField()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{localtime(self.at):%-d %b %Y, %H:%M:%S} {self.text}"
