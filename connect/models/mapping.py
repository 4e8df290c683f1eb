"""Mappings: what a tenant should have, what it has, and how the two differ."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.models import Environment


class Package(models.TextChoices):
    """What an org has of the ISV's package. That of 2016 has no external ids to find records by."""

    CURRENT = "current", "Today's package"
    ORIGINAL = "2016", "The package of 2016"


class MappingTemplate(models.Model):
    """One version of the mapping document for all tenants; {ns} stands for the namespace."""

    version = models.PositiveIntegerField(unique=True)
    package = models.CharField(
        "for orgs with", max_length=10, choices=Package.choices, default=Package.CURRENT
    )
    document = models.JSONField(help_text="Heroku Connect's own export format.")
    notes = models.TextField(blank=True)
    author = models.CharField(max_length=150, default="portal")
    made_from = models.CharField(
        max_length=300, blank=True, help_text="An upload, a paste, or a tenant's live mappings."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-version"]
        verbose_name = "mapping version"

    def __str__(self) -> str:
        return f"Version {self.version}"


class DefaultTemplate(models.Model):
    """The version for new tenants. A blank plan or environment matches any."""

    plan = models.CharField(max_length=60, blank=True, help_text="e.g. herokuconnect:demo")
    environment = models.CharField(max_length=10, choices=Environment.choices, blank=True)
    template = models.ForeignKey(
        "connect.MappingTemplate", on_delete=models.PROTECT, related_name="defaults"
    )

    class Meta:
        ordering = ["plan", "environment"]
        verbose_name = "default version"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "environment"], name="one_default_each")
        ]

    def __str__(self) -> str:
        where = self.get_environment_display() if self.environment else "any environment"
        return f"{self.plan or 'any plan'}, {where}: {self.template}"


class Mapping(models.Model):
    """One mapped object of a connection, as last seen."""

    connection = models.ForeignKey(
        "connect.Connection", on_delete=models.CASCADE, related_name="mappings"
    )
    object_name = models.CharField(max_length=120)
    mapping_id = models.CharField(max_length=60)
    state = models.CharField(max_length=40)
    description = models.CharField("Heroku Connect’s words", max_length=500, blank=True)
    access = models.CharField(max_length=12)
    config = models.JSONField(default=dict)
    # Null means that Heroku Connect has not counted yet, which differs from no rows.
    rows_in_database = models.BigIntegerField(null=True)
    rows_in_salesforce = models.BigIntegerField("rows in Salesforce", null=True)
    rows_pending = models.BigIntegerField(null=True)
    rows_failed = models.BigIntegerField("failed (Heroku Connect's count)", null=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["object_name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "object_name"], name="one_mapping_an_object"
            )
        ]
        permissions: ClassVar = [
            ("reload_mapping", "Can reload a mapping's table"),
            ("diagnose_mapping", "Can diagnose a mapping"),
            ("edit_mapping", "Can edit one tenant's mapping"),
            ("remove_mapping", "Can delete a mapping at Heroku Connect"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["object_name", "-id"], name="mapping_by_object"),
            models.Index(fields=["state"], name="mapping_state"),
            models.Index(
                fields=["object_name", "rows_failed"],
                name="mapping_failed",
                condition=Q(rows_failed__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object_name}: {self.state}"


class DriftState(models.TextChoices):
    SAME = "same", "Same as its version"
    DRIFTED = "drifted", "Drifted"
    ACCEPTED = "accepted", "Accepted exception"
    UNKNOWN = "unknown", "Could not be compared"


class Drift(models.Model):
    """The comparison of a tenant's live mappings with its version."""

    connection = models.OneToOneField(
        "connect.Connection", on_delete=models.CASCADE, related_name="drift"
    )
    template = models.ForeignKey("connect.MappingTemplate", on_delete=models.PROTECT, null=True)
    state = models.CharField(
        max_length=10, choices=DriftState.choices, default=DriftState.UNKNOWN, db_index=True
    )
    since = models.DateTimeField(default=timezone.now, help_text="When this state began.")
    checked_at = models.DateTimeField(null=True, db_index=True)
    error = models.TextField(blank=True)
    changes = models.JSONField(
        default=list, help_text="The changes that would restore the version."
    )
    org_changes = models.JSONField(
        default=list, help_text="What has changed in the org’s mapped objects."
    )
    described = models.JSONField(
        default=dict, help_text="The org’s mapped objects, as they were when last agreed to."
    )
    fingerprint = models.CharField(max_length=64, blank=True)
    # Kept beside the current one: an exception ends as soon as the differences change.
    accepted_fingerprint = models.CharField(max_length=64, blank=True)
    accepted_by = models.CharField(max_length=150, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-since"]
        verbose_name = "comparison with the version"
        verbose_name_plural = "drift"
        indexes: ClassVar = [
            models.Index(fields=["connection"], name="drift_drifted", condition=Q(state="drifted")),
        ]
        permissions: ClassVar = [
            ("restore_drift", "Can bring a drifted tenant back to its version"),
            ("accept_drift", "Can accept a drift as an exception"),
        ]

    def __str__(self) -> str:
        return f"{self.connection.tenant}: {self.get_state_display().lower()}"
