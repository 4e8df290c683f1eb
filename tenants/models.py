"""Who the subscribers are, what they sent us, what we told them, and all that happened to them."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.utils import timezone

from tenants.fields import EncryptedTextField
from tenants.words import Words


class Environment(models.TextChoices):
    PRODUCTION = "production", "Production"
    SANDBOX = "sandbox", "Sandbox"
    CUSTOM = "custom", "My Domain"


class Proof(models.TextChoices):
    """What shows that a registration really comes from the org that it names."""

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
        """The address, without a trailing slash, where the org's people sign in to Salesforce."""
        if self.login_domain:  # an org may refuse the common hosts once it has its own
            domain_url: str = settings.SALESFORCE_MY_DOMAIN_URL
            return domain_url.replace("{domain}", self.login_domain)
        is_sandbox = self.environment == Environment.SANDBOX
        return settings.SALESFORCE_TEST_URL if is_sandbox else settings.SALESFORCE_LOGIN_URL

    def prove(self, proof: Proof, at: datetime) -> None:
        """Note the first proof; a later, different one adds nothing."""
        if not self.proof:
            self.proof, self.proven_at = proof, at


class GrantStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    REFUSED = "refused", "Refused by Salesforce"
    REVOKED = "revoked", "Revoked"


class SalesforceGrant(models.Model):
    """What a tenant's admin allowed the portal to do in the org. Tokens are encrypted at rest."""

    tenant = models.OneToOneField(Tenant, on_delete=models.PROTECT, related_name="grant")
    access_token = EncryptedTextField()
    refresh_token = EncryptedTextField()
    instance_url = models.URLField()
    identity_url = models.URLField()
    username = models.CharField(max_length=255)
    user_id = models.CharField(max_length=18)
    scopes = models.CharField(max_length=255)
    issued_at = models.DateTimeField()
    refreshed_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(
        max_length=10, choices=GrantStatus.choices, default=GrantStatus.ACTIVE
    )

    class Meta:
        verbose_name = "Salesforce grant"

    def __str__(self) -> str:
        return f"{self.username} ({self.get_status_display()})"


class Callout(models.Model):
    """One inbound registration, stored before it is judged: nothing a package sent is lost."""

    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    remote_address = models.GenericIPAddressField(null=True)
    content_type = models.CharField(max_length=255, blank=True)
    body = models.BinaryField()
    truncated = models.BooleanField(default=False)
    signed = models.BooleanField(default=False)
    status = models.PositiveSmallIntegerField("answered", null=True)
    outcome = models.TextField(blank=True)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="callouts"
    )

    class Meta:
        ordering = ["-received_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M:%S} → {self.status or 'not answered'}"

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are shown as U+FFFD."""
        return bytes(self.body).decode("utf-8", "replace")


class UsedSignature(models.Model):
    """A signature is good once. Rows older than the time window are pruned."""

    digest = models.CharField(max_length=64, primary_key=True)
    used_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.digest[:8]


class RateBucket(models.Model):
    """A token bucket: `tokens` left at `filled_at`. See tenants/limits.py."""

    key = models.CharField(max_length=100, primary_key=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class MessageKind(models.TextChoices):
    SIGN_IN = "sign_in", "Please sign in"
    AUTHORIZE = "authorize", "Please authorize Heroku Connect"
    LIVE = "live", "You are live"
    SIGN_IN_REMINDER = "sign_in_reminder", "Reminder: please sign in"
    AUTHORIZE_REMINDER = "authorize_reminder", "Reminder: please authorize Heroku Connect"
    BLOCKED = "blocked", "Staff alert: a tenant is blocked"
    PORTAL = "portal", "Staff alert: the portal needs attention"
    AUTHORIZE_AGAIN = "authorize_again", "Please authorize again"
    INCIDENT = "incident", "Staff alert: sync incident"


class MessageStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Bounced"


class Message(models.Model):
    """One e-mail: written down first, sent afterwards by tenants.messages.send."""

    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    kind = models.CharField(max_length=20, choices=MessageKind.choices)
    key = models.CharField(
        max_length=200, unique=True, help_text="The same key is never written twice."
    )
    to = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    text = models.TextField()
    html = models.TextField()
    status = models.CharField(
        max_length=10, choices=MessageStatus.choices, default=MessageStatus.QUEUED
    )
    error = models.TextField(blank=True)
    provider_id = models.CharField(max_length=255, blank=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"], name="message_due", condition=Q(status="queued")
            ),
            models.Index(
                fields=["tenant"],
                name="message_lost",
                condition=Q(status__in=["bounced", "failed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} → {self.to}"


class EventKind(models.TextChoices):
    """What can happen to a tenant. `connect` states its facts here too: the timeline is one."""

    REGISTERED = "registered", "Registered"
    REGISTERED_AGAIN = "registered_again", "Registered again"
    CONFLICT = "conflict", "Conflicting registration"
    APPROVED = "approved", "Approved"
    CONSENTED = "consented", "Signed in to Salesforce"
    CONSENT_REFUSED = "consent_refused", "Sign-in refused"
    GRANT_LOST = "grant_lost", "Salesforce grant lost"
    STAGE = "stage", "Stage"
    WAITING = "waiting", "Waiting"
    TROUBLE = "trouble", "Trouble"
    BLOCKED = "blocked", "Blocked"
    ADDON_CREATED = "addon_created", "Add-on created"
    AUTHORIZED = "authorized", "Heroku Connect authorized"
    LIVE = "live", "Live"
    STAFF_ACTION = "staff_action", "Staff action"
    MESSAGE = "message", "Message"
    RESUMED = "resumed", "Pause over"
    OFFBOARDED = "offboarded", "Off-boarded"
    INCIDENT = "incident", "Incident"
    HEALING = "healing", "Self-healing"


class Event(models.Model):
    """One line of a tenant's timeline. Append-only: the database refuses UPDATE and DELETE."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150, default="portal")
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    text = models.TextField()
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-at"], name="event_timeline"),
            models.Index(fields=["-at", "-id"], name="event_newest"),
            models.Index(fields=["actor", "-at"], name="event_by_actor"),
            models.Index(
                KT("data__request_id"),
                name="event_request",
                condition=Q(data__has_key="request_id"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.text}"


class SwitchName(models.TextChoices):
    REGISTRATIONS = "registrations", "Registrations"
    PROVISIONING = "provisioning", "Provisioning"
    SOCIAL_JOB = "social_job", "Social job"


class Switch(models.Model):
    """A kill switch. No row, or `on`, means business as usual."""

    name = models.CharField(max_length=20, choices=SwitchName.choices, primary_key=True)
    on = models.BooleanField(default=True)
    why = models.CharField(max_length=255, blank=True)
    who = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "kill switch"
        verbose_name_plural = "kill switches"

    def __str__(self) -> str:
        return f"{self.get_name_display()}: {'on' if self.on else 'off'}"

    @classmethod
    def is_off(cls, name: SwitchName) -> bool:
        return cls.objects.filter(name=name, on=False).exists()
