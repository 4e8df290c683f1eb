"""One tenant's connection: what is next for it, and the facts observed so far."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from connect.models.blocked import BlockedKind
from connect.models.stage import SchemaFate, Stage, WaitingOn
from tenants.models import Tenant


class Connection(models.Model):
    """One Heroku Connect connection of one tenant, from the callout to its end.

    `stage` says what is to be done next; connect.provisioning.reconciler does it, holding the
    lease. A schema name can never be used again, so a tenant that starts over gets a new row with
    the next `generation`; each tenant has at most one row that is not off-boarded.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="connections")
    # In the schema's and the add-on's name, since Heroku Connect refuses a used schema.
    generation = models.PositiveSmallIntegerField(default=1)

    # Chosen before the add-on is asked for, and the same for the whole generation.
    host_app = models.ForeignKey(
        "connect.HostApp",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="connections",
    )

    # --- the work: what is next, when, and who is waited for
    stage = models.CharField(
        max_length=30, choices=Stage.choices, default=Stage.WAITING_FOR_PROOF, db_index=True
    )
    stage_since = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    waiting_on = models.CharField(
        max_length=10, choices=WaitingOn.choices, default=WaitingOn.PORTAL
    )
    waiting_for = models.CharField(max_length=500, blank=True)
    waiting_since = models.DateTimeField(
        null=True, blank=True, help_text="The first wait since the last error or press of staff."
    )
    renewals = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="How often that wait began again since the last success or press of staff.",
    )
    attempts = models.PositiveIntegerField(
        default=0, help_text="Attempts since the last success. Counted before the work."
    )
    restarts = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="Restarts on its way to live or in a roll-out, in its last trouble.",
    )
    restarted_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    last_request_id = models.CharField(max_length=100, blank=True)
    blocked_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when; a retry does not reset it."
    )
    blocked_reason = models.TextField(blank=True)
    # The next three outlive a retry. They are forgotten when the trouble is solved.
    blocked_kind = models.CharField(max_length=20, choices=BlockedKind.choices, blank=True)
    trouble_since = models.DateTimeField(null=True, blank=True)
    trouble_stage = models.CharField(max_length=30, choices=Stage.choices, blank=True)
    reminders_sent = models.PositiveSmallIntegerField(default=0)
    # Only marks that a task was queued; the queue may lose the task, and then it is stale.
    queued_at = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    lease_holder = models.CharField(max_length=100, blank=True, default="", db_default="")

    # --- the facts observed or made so far
    missing_access = models.JSONField(
        default=list, blank=True, help_text="What the user who signed in lacks to decide."
    )
    addon_name = models.CharField("add-on name", max_length=60, blank=True, db_index=True)
    addon_id = models.CharField("add-on id", max_length=60, blank=True)
    # An intent, stored before the call whose answer may be lost; the same below.
    addon_requested_at = models.DateTimeField("add-on requested at", null=True, blank=True)
    may_overwrite = models.BooleanField(
        default=False,
        help_text="Staff allow its add-on to overwrite what has its name in the app at Heroku.",
    )
    enroll_requested_at = models.DateTimeField(null=True, blank=True)
    plan = models.CharField(max_length=60, blank=True)
    monthly_cents = models.PositiveIntegerField(
        "cents a month",
        null=True,
        blank=True,
        help_text="What Heroku bills for the add-on; empty if it is by contract.",
    )
    connection_id = models.CharField(max_length=60, blank=True, db_index=True)
    region_url = models.URLField("region URL", blank=True)
    schema_name = models.CharField(max_length=63, blank=True)
    schema_requested_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=40, blank=True, help_text="As Heroku Connect names it, unchanged."
    )
    seen_at = models.DateTimeField(null=True, blank=True)
    organization_id = models.CharField(max_length=18, blank=True)
    salesforce_username = models.CharField("Salesforce username", max_length=255, blank=True)
    api_version = models.CharField("API version", max_length=10, blank=True)
    link_published_at = models.DateTimeField(null=True, blank=True)
    authorized_at = models.DateTimeField(null=True, blank=True)
    template = models.ForeignKey(
        "connect.MappingTemplate",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="connections",
    )
    import_sent_at = models.DateTimeField(null=True, blank=True)
    live_at = models.DateTimeField(null=True, blank=True)

    # --- what staff asked for until a time
    paused_until = models.DateTimeField(
        null=True, blank=True, help_text="At this time the portal resumes it."
    )
    pause_note = models.CharField(max_length=255, blank=True)
    snoozed_until = models.DateTimeField(
        null=True, blank=True, help_text="No alerts are sent until this time."
    )
    snooze_note = models.CharField(max_length=255, blank=True)

    # --- the end
    ends_at = models.DateTimeField(
        null=True, blank=True, help_text="Until then its off-boarding can be undone."
    )
    stage_before = models.CharField(
        max_length=30,
        choices=Stage.choices,
        blank=True,
        default="",
        db_default="",
        help_text="The stage that an undo brings back.",
    )
    schema_fate = models.CharField(max_length=4, choices=SchemaFate.choices, blank=True)
    start_over = models.BooleanField(
        default=False, help_text="A new generation follows when this one is gone."
    )
    cleanup_attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Attempts to pause it and to revoke our access, before it ends."
    )
    offboarded_at = models.DateTimeField("off-boarded at", null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                # Two callouts at once cannot make two paid add-ons: the database allows one row.
                fields=["tenant"],
                condition=Q(offboarded_at=None),
                name="one_connection_a_tenant",
            ),
            models.UniqueConstraint(
                fields=["tenant", "generation"], name="generation_is_used_once"
            ),
            models.UniqueConstraint(
                fields=["schema_name"], condition=~Q(schema_name=""), name="schema_is_used_once"
            ),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="stage_is_known"),
            models.CheckConstraint(
                condition=Q(stage="offboarded", offboarded_at__isnull=False)
                | ~Q(stage="offboarded") & Q(offboarded_at=None),
                name="offboarded_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(addon_requested_at=None) | Q(host_app__isnull=False),
                name="addon_has_a_host_app",
            ),
            models.CheckConstraint(
                condition=Q(blocked_at=None, blocked_reason="")
                | Q(blocked_at__isnull=False) & ~Q(blocked_reason=""),
                name="blocked_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(lease=None, lease_expires_at=None)
                | Q(lease__isnull=False, lease_expires_at__isnull=False),
                name="lease_has_an_end",
            ),
            models.CheckConstraint(
                # The last guard against data of one org in the schema of another.
                condition=~Q(stage__in=["importing_mappings", "loading", "live"])
                | ~Q(organization_id=""),
                name="no_data_before_the_org_is_known",
            ),
            models.CheckConstraint(
                # An undo brings the pause back that staff wanted before.
                condition=Q(paused_until=None, pause_note="")
                | Q(stage__in=["live", "resuming", "grace"]),
                name="only_what_is_live_is_paused",
            ),
            models.CheckConstraint(
                condition=Q(stage="grace", ends_at__isnull=False) & ~Q(stage_before="")
                | Q(stage="resuming") & ~Q(stage_before="")
                | ~Q(stage__in=["resuming", "grace"]) & Q(stage_before=""),
                name="what_can_be_undone_has_a_way_back",
            ),
        ]
        indexes: ClassVar = [
            # The worker's pulse asks this each second.
            models.Index(fields=["next_attempt_at"], name="connection_due"),
            models.Index(
                fields=["lease_holder"], name="connection_held", condition=~Q(lease_holder="")
            ),
            models.Index(
                F("blocked_at"), name="connection_blocked", condition=Q(blocked_at__isnull=False)
            ),
            # For the dashboard: each number is read from an index only.
            models.Index(
                fields=["stage", "blocked_at"],
                name="connection_funnel",
                condition=Q(offboarded_at=None),
            ),
            models.Index(fields=["id"], name="connection_not_live", condition=~Q(stage="live")),
            # In the order of its health, to find what has none.
            models.Index(fields=["id"], name="connection_live", condition=Q(stage="live")),
            models.Index(
                fields=["waiting_on", "stage_since"],
                name="connection_waits",
                condition=Q(offboarded_at=None),
            ),
            models.Index(
                fields=["offboarded_at"],
                name="connection_gone",
                condition=Q(offboarded_at__isnull=False),
            ),
            models.Index(
                fields=["snoozed_until"],
                name="connection_snoozed",
                condition=Q(snoozed_until__isnull=False),
            ),
            models.Index(
                fields=["paused_until"],
                name="connection_paused",
                condition=Q(paused_until__isnull=False),
            ),
            models.Index(
                F("live_at").desc(), name="connection_went_live", condition=Q(live_at__isnull=False)
            ),
            # All that a host app's room and cost are counted from.
            models.Index(
                fields=["host_app"],
                name="connection_of_host",
                include=["id", "generation", "monthly_cents", "addon_requested_at", "stage"],
                condition=Q(offboarded_at=None),
            ),
            # For the list's date hierarchy and search.
            models.Index(fields=["stage_since"], name="connection_since"),
            models.Index(fields=["addon_id"], name="connection_addon_id"),
            models.Index(fields=["salesforce_username"], name="connection_sf_user"),
        ]
        permissions: ClassVar = [
            ("retry_connection", "Can retry provisioning"),
            ("overwrite_connection", "Can let an add-on overwrite config vars of the app"),
            ("pause_connection", "Can pause and resume synchronization"),
            ("restart_connection", "Can restart a connection after an error"),
            ("refresh_connection", "Can refresh a connection's health"),
            ("import_connection", "Can import mappings"),
            ("offboard_connection", "Can off-board a tenant"),
            ("undo_connection", "Can undo an off-boarding in its grace period"),
            ("snooze_connection", "Can silence a tenant's alerts for a time"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant} (generation {self.generation})"

    def is_paused_on_purpose(self, now: datetime) -> bool:
        """Whether staff paused it until a time in the future."""
        return self.paused_until is not None and self.paused_until > now

    def is_snoozed(self, now: datetime) -> bool:
        """Whether staff have turned off its alerts for now."""
        return self.snoozed_until is not None and self.snoozed_until > now
