"""Tenants: the subscriber orgs."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.models.tended import Owned
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


class Source(models.TextChoices):
    """Who gave a value of a tenant, from the least to the most trusted."""

    CALLOUT = "callout", "An unsigned callout"
    SIGNED = "signed", "A signed callout"
    SALESFORCE = "salesforce", "Salesforce"
    STAFF = "staff", "Staff"

    def outranks(self, other: "Source") -> bool:
        """Whether a value of this source replaces one of the other."""
        order = list(Source)
        return order.index(self) > order.index(other)


class LookEvery(models.IntegerChoices):
    """How often a live tenant is looked at, in minutes. None may be longer than all of them."""

    MINUTE = 1, "Every minute, by a call of its own"
    USUAL = 5, "Every five minutes, with all others"


class Tenant(Owned):
    """One subscriber org. An off-boarded one may come back, and keeps its history until erasure."""

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
    # A field that is not named here was given by an unsigned callout.
    sources = models.JSONField(default=dict, blank=True, help_text="Who gave each value.")
    registered_at = models.DateTimeField(default=timezone.now)
    proof = models.CharField(max_length=10, choices=Proof.choices, blank=True, default=Proof.NONE)
    proven_at = models.DateTimeField(null=True, blank=True)
    offboarded_at = models.DateTimeField("off-boarded at", null=True, blank=True)
    # A copy of the org's rule (see tenants.orgs), which a page of many tenants reads for free.
    is_blocked = models.BooleanField("blocked by staff", default=False)
    # Set while an off-boarded org that called again waits for staff.
    returned_at = models.DateTimeField("called again", null=True, blank=True)
    returned_with = models.JSONField(default=dict, blank=True)

    # --- how staff want it to be looked after
    alert_to = models.CharField(
        "also alerted",
        max_length=255,
        blank=True,
        default="",
        db_default="",
        help_text="E-mail addresses that get each alert about this tenant too, with commas.",
    )
    heals_itself = models.BooleanField(
        default=True,
        db_default=True,
        help_text="The portal restarts it, links it and mails its admin by itself. If not, each "
        "incident needs a person at once.",
    )
    look_every = models.PositiveSmallIntegerField(
        "is looked at",
        choices=LookEvery.choices,
        default=LookEvery.USUAL,
        db_default=LookEvery.USUAL,
        help_text="While it is live.",
    )

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
            # Asked each minute, about few.
            models.Index(fields=["id"], name="tenant_seen_closely", condition=Q(look_every=1)),
            # The same expression as the search uses, or Postgres would not use the index.
            GinIndex(Words("name", "admin_email"), name="tenant_words"),
        ]
        permissions: ClassVar = [
            ("approve_tenant", "Can approve a tenant's registration"),
            ("resend_message", "Can send a tenant's e-mails again"),
            ("export_tenant", "Can export all data of a tenant"),
            ("erase_tenant", "Can erase all data of a tenant"),
            ("assign_tenant", "Can say who looks after a tenant or another row"),
            ("note_tenant", "Can write notes on a timeline"),
        ]

    def __str__(self) -> str:
        return self.name or self.org_id

    @property
    def alert_addresses(self) -> list[str]:
        """Return who gets the alerts about it besides the staff."""
        return [each.strip() for each in self.alert_to.split(",") if each.strip()]

    # --- who gave what
    def source_of(self, field: str) -> Source:
        """Return who gave a field's value."""
        return Source(self.sources.get(field, Source.CALLOUT))

    def take(self, values: Mapping[str, str], source: Source) -> None:
        """Set fields, and store who gave them. Save the fields and `sources` afterwards."""
        for name, value in values.items():
            setattr(self, name, value)
        self.sources = {**self.sources, **dict.fromkeys(values, source.value)}

    def is_trusted(self, field: str) -> bool:
        """Whether more than an unsigned callout stands for a field's value."""
        return self.proof == Proof.STAFF or self.source_of(field) != Source.CALLOUT

    @property
    def trusted_name(self) -> str:
        """The name for e-mails, or "": a stranger's callout must not put words into them."""
        return self.name if self.is_trusted("name") else ""

    @property
    def trusted_domain(self) -> str:
        """The My Domain to which a browser may be sent, or "": a stranger must not choose it."""
        return self.login_domain if self.is_trusted("login_domain") else ""

    @property
    def is_sandbox(self) -> bool:
        """Whether its users sign in to Salesforce as users of a sandbox."""
        return self.environment == Environment.SANDBOX or ".sandbox." in self.login_domain

    @property
    def login_url(self) -> str:
        """The URL, without a trailing slash, where users of the org sign in to Salesforce."""
        if self.trusted_domain:  # an org with a My Domain may refuse the common hosts
            domain_url: str = settings.SALESFORCE_MY_DOMAIN_URL
            return domain_url.replace("{domain}", self.trusted_domain)
        return settings.SALESFORCE_TEST_URL if self.is_sandbox else settings.SALESFORCE_LOGIN_URL

    def prove(self, proof: Proof, at: datetime) -> None:
        """Store the first proof. A later proof changes nothing."""
        if not self.proof:
            self.proof, self.proven_at = proof, at
