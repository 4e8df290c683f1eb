"""Handles, posts, searches, spending and collection runs."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.timezone import localtime

from connect.formats import counted
from connect.models import Connection


class Handle(models.Model):
    """A handle of at least one tenant's Account. Tenants that share it share its posts."""

    name = models.CharField(max_length=15, primary_key=True, help_text="In lower case, without @.")
    cursor = models.BigIntegerField(null=True, help_text="Posts up to this id have been searched.")
    asked_at = models.DateTimeField(null=True, db_index=True)
    refused_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=500, blank=True)
    user_id = models.CharField("X account", max_length=20, blank=True)
    username = models.CharField(max_length=50, blank=True, help_text="As its owner spells it.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"@{self.name}"


class Post(models.Model):
    """A post that was paid for. It is kept until every tenant had time to receive it."""

    id = models.BigIntegerField(primary_key=True)
    handle = models.ForeignKey(Handle, on_delete=models.CASCADE, related_name="posts")
    author = models.CharField(max_length=50)
    body = models.CharField(max_length=255)
    posted_at = models.DateTimeField()
    likes = models.IntegerField()
    reposts = models.IntegerField()
    changed_in = models.BigIntegerField(help_text="The run in which it was new or changed.")
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-id"]
        indexes: ClassVar = [models.Index(fields=["handle", "changed_in"], name="post_delivery")]

    def __str__(self) -> str:
        return f"{self.id} by @{self.author}"


class Search(models.Model):
    """A search with unread pages. The next run continues it."""

    handles = models.JSONField()
    since_id = models.BigIntegerField()
    until_id = models.BigIntegerField()
    next_token = models.CharField(max_length=500)
    begun_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{counted(len(self.handles), 'handle')} after {self.since_id}"


class Spend(models.Model):
    """Searches, billed posts and looked-up accounts of a UTC day."""

    day = models.DateField(primary_key=True)
    calls = models.PositiveIntegerField(default=0)
    posts = models.PositiveIntegerField(default=0)
    users = models.PositiveIntegerField(
        "accounts", default=0, help_text="Accounts that were looked up; X may bill each."
    )

    class Meta:
        ordering = ["-day"]
        verbose_name = "day's spend"
        verbose_name_plural = "spend by day"

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}: {self.posts} posts"


class ReportedUsage(models.Model):
    """What X itself counts in its billing month. One row; `posts` is null where X offers none."""

    peer = models.CharField(max_length=20, primary_key=True)
    posts = models.PositiveBigIntegerField(null=True)
    cap = models.PositiveBigIntegerField(null=True)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.peer}: {self.posts} posts"


class CallAllowance(models.Model):
    """The remaining calls until X resets its rate limit. One row for all workers."""

    peer = models.CharField(max_length=20, primary_key=True)
    remaining = models.IntegerField()
    resets_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.peer}: {self.remaining} calls until {localtime(self.resets_at):%H:%M:%S}"


class Trigger(models.TextChoices):
    SCHEDULE = "schedule", "Schedule"
    STAFF = "staff", "Staff"
    COMMAND = "command", "Command line"


class RunOutcome(models.TextChoices):
    """How a run ended. The next run continues its unfinished work."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    PARTIAL = "partial", "Partly done"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"


class CollectionRun(models.Model):
    """One collection run, with counts that are updated during the run."""

    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    actor = models.CharField(max_length=150, default="portal")
    recount = models.BooleanField(
        default=False, help_text="Searched the day's posts again, to update their likes."
    )
    outcome = models.CharField(
        max_length=12, choices=RunOutcome.choices, default=RunOutcome.RUNNING, db_index=True
    )
    note = models.TextField(blank=True, help_text="Why it ended before everything was done.")
    started_at = models.DateTimeField(default=timezone.now, db_index=True)
    finished_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(
        null=True, db_index=True, editable=False, help_text="When another run continues it."
    )
    queued_at = models.DateTimeField(null=True, editable=False)

    tenants = models.PositiveIntegerField(default=0)
    tenants_skipped = models.PositiveIntegerField("skipped", default=0)
    tenants_failed = models.PositiveIntegerField("failed", default=0)
    handles = models.PositiveIntegerField(default=0)
    handles_refused = models.PositiveIntegerField(default=0)
    searches = models.PositiveIntegerField(default=0)
    searches_done = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)
    posts_paid = models.PositiveIntegerField(default=0)
    posts_dropped = models.PositiveIntegerField(
        default=0, help_text="Returned by X without an author or a text."
    )
    inserted = models.PositiveIntegerField("posts written", default=0)
    updated = models.PositiveIntegerField("posts updated", default=0)

    class Meta:
        ordering = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["outcome"], condition=Q(outcome="running"), name="one_run_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(outcome="running", finished_at=None)
                | ~Q(outcome="running") & Q(finished_at__isnull=False),
                name="run_ends_with_an_outcome",
            ),
        ]
        permissions: ClassVar = [("run_collection", "Can collect posts now")]

    def __str__(self) -> str:
        return f"Run {self.pk} of {localtime(self.started_at):%-d %b %Y, %H:%M}"


class TenantCollection(models.Model):
    """The result of one run for one tenant. Tenants without news have no row."""

    run = models.ForeignKey(CollectionRun, on_delete=models.CASCADE, related_name="by_tenant")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="collections")
    accounts = models.PositiveIntegerField(default=0, help_text="Accounts with a handle.")
    handles = models.PositiveIntegerField(default=0)
    shared = models.PositiveIntegerField(
        default=0, help_text="Accounts whose handle an older Account of the org has already."
    )
    refused = models.JSONField(default=list, help_text="Account, handle and why, the first 20.")
    refused_count = models.PositiveIntegerField("handles refused", default=0)
    inserted = models.PositiveIntegerField("posts written", default=0)
    updated = models.PositiveIntegerField("posts updated", default=0)
    skipped = models.CharField(max_length=255, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "result for a tenant"
        verbose_name_plural = "results by tenant"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "connection"], name="one_result_a_tenant")
        ]

    def __str__(self) -> str:
        return f"{self.connection.tenant} in run {self.run_id}"


class Delivery(models.Model):
    """The run up to which a tenant has its posts. Written in the same transaction as the posts."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="delivery")
    through = models.BigIntegerField(default=0, help_text="Posts up to this run are written.")
    accounts = models.JSONField(default=dict, help_text="Handle to Account at that time.")
    delivered_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.connection}: through run {self.through}"
