"""Tenants: the subscriber orgs."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.search import Words


class Environment(models.TextChoices):
    PRODUCTION = "production", "Production"
    SANDBOX = "sandbox", "Sandbox"
    CUSTOM = "custom", "My Domain"


class Proof(models.TextChoices):
    """What shows that a registration comes from the org that it names."""

    NONE = "", "None yet"
    SIGNED = "signed", "Signed callout"
    STAFF = "staff", "Approved by staff"
    CONSENT = "consent", "Salesforce sign-in"


class Tenant(models.Model):
    """One subscriber org. Never deleted: an off-boarded one may come back and keeps its history."""

    org_id = models.CharField("organization id", max_length=18, unique=True)
    name = models.CharField(max_length=255)
    admin_email = models.EmailField("admin's e-mail")
    environment = models.CharField(
        max_length=10, choices=Environment.choices, default=Environment.PRODUCTION
    )
    login_domain = models.CharField(
        "My Domain", max_length=255, blank=True, help_text="e.g. acme.my.salesforce.com"
    )
    namespace = models.CharField(
        max_length=15, blank=True, help_text="The package's namespace in this org, if it has one."
    )
    package_version = models.CharField(max_length=40, blank=True)
    installer_id = models.CharField(max_length=18, blank=True)
    registered_at = models.DateTimeField(default=timezone.now)
    proof = models.CharField(max_length=10, choices=Proof.choices, blank=True, default=Proof.NONE)
    proven_at = models.DateTimeField(null=True, blank=True)
    offboarded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "org_id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(org_id__regex=r"^00D[0-9A-Za-z]{12}[A-Z0-5]{3}$"),
                name="tenant_org_id_has_18_characters",
            ),
            models.CheckConstraint(
                condition=Q(proof="", proven_at=None) | ~Q(proof="") & Q(proven_at__isnull=False),
                name="tenant_proof_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["name", "org_id"], name="tenant_by_name"),
            models.Index(fields=["-registered_at"], name="tenant_newest"),
            models.Index(fields=["installer_id"], name="tenant_installer"),
            models.Index(
                fields=["offboarded_at"],
                name="tenant_gone",
                condition=Q(offboarded_at__isnull=False),
            ),
            # The same expression as the search uses, or Postgres would not use the index.
            GinIndex(Words("name", "admin_email"), name="tenant_words"),
        ]
        permissions: ClassVar = [
            ("approve_tenant", "Can approve a tenant's registration"),
            ("resend_message", "Can send a tenant's e-mails again"),
        ]

    def __str__(self) -> str:
        return self.name or self.org_id

    @property
    def login_url(self) -> str:
        """The URL, without a trailing slash, where users of the org sign in to Salesforce."""
        if self.login_domain:  # an org with a My Domain may refuse the common hosts
            domain_url: str = settings.SALESFORCE_MY_DOMAIN_URL
            return domain_url.replace("{domain}", self.login_domain)
        is_sandbox = self.environment == Environment.SANDBOX
        return settings.SALESFORCE_TEST_URL if is_sandbox else settings.SALESFORCE_LOGIN_URL

    def prove(self, proof: Proof, at: datetime) -> None:
        """Store the first proof. A later proof changes nothing."""
        if not self.proof:
            self.proof, self.proven_at = proof, at
