"""Orgs that staff have blocked, or allowed before they register."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class OrgVerdict(models.TextChoices):
    BLOCKED = "blocked", "Blocked"
    ALLOWED = "allowed", "Allowed without approval"


class OrgRule(models.Model):
    """What staff decided about an org, whether it is a tenant or not."""

    org_id = models.CharField(
        "organization id", max_length=18, unique=True, help_text="15 or 18 characters."
    )
    verdict = models.CharField(max_length=10, choices=OrgVerdict.choices)
    why = models.CharField(max_length=255)
    who = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(org_id__regex=r"^00D[0-9A-Za-z]{12}[A-Z0-5]{3}$"),
                name="org_rule_org_id_has_18_characters",
            )
        ]

    def __str__(self) -> str:
        return f"{self.org_id}: {self.get_verdict_display().lower()}"
