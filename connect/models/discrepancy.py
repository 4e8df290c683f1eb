"""Where Heroku and the portal's rows differ."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from connect.models.connection import Connection
from tenants.models import Tenant, Tended


class DiscrepancyKind(models.TextChoices):
    """How Heroku and the portal differ. The order is from worst to least."""

    ORPHAN = "orphan", "Unknown to the portal"
    DOUBLED = "doubled", "Second add-on of a tenant"
    MISSING = "missing", "Missing at Heroku"
    CHANGED = "changed", "Known under other names"


class Discrepancy(Tended):
    """One add-on or connection about which Heroku and the portal differ, until it has ended.

    `key` is the add-on's id, or "connection:<pk>" of our row. The last comparison, an adoption or a
    deletion ends it; `outcome` says which.
    """

    kind = models.CharField(max_length=10, choices=DiscrepancyKind.choices)
    key = models.CharField(max_length=80)
    text = models.TextField("what differs")
    addon_id = models.CharField("add-on id", max_length=60, blank=True)
    addon_name = models.CharField("add-on name", max_length=60, blank=True)
    plan = models.CharField(max_length=60, blank=True)
    connection_id = models.CharField("connection id", max_length=60, blank=True)
    region_url = models.URLField("region URL", blank=True)
    host_app = models.ForeignKey(
        "connect.HostApp",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="discrepancies",
    )
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="discrepancies"
    )
    row = models.ForeignKey(
        Connection,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="discrepancies",
        verbose_name="the portal's connection",
    )
    found_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField("last seen", default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(blank=True)
    lease = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    lease_holder = models.CharField(max_length=100, blank=True, default="", db_default="")

    class Meta:
        verbose_name_plural = "discrepancies"
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(ended_at=None), name="one_open_discrepancy"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=DiscrepancyKind.values), name="discrepancy_kind_is_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["ended_at"], name="discrepancy_ended"),
            models.Index(fields=["addon_id"], name="discrepancy_addon"),  # for the list's search
        ]
        permissions: ClassVar = [
            ("compare_addons", "Can compare Heroku's add-ons with the portal"),
            ("adopt_addon", "Can adopt an add-on"),
            ("delete_addon", "Can delete an add-on that no connection uses"),
        ]

    def __str__(self) -> str:
        return self.addon_name or f"{self.tenant}"


class Reconciliation(models.Model):
    """One comparison of the host apps' add-ons and connections with our rows.

    `error` names the host apps that could not be compared, and why; nothing was changed for them.
    """

    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    actor = models.CharField(max_length=150)
    addons = models.PositiveIntegerField("add-ons", default=0)
    found = models.PositiveIntegerField("differences", default=0)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = "comparison with Heroku"
        verbose_name_plural = "comparisons with Heroku"
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["ended_at"], name="reconciliation_ended")]

    def __str__(self) -> str:
        return f"Comparison {self.pk}"
