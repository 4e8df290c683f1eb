"""A tenant's consent: the tokens with which the portal reaches its Salesforce org."""

from django.db import models

from tenants.fields import EncryptedTextField, Unreadable
from tenants.models.tenant import Tenant


class GrantStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    REFUSED = "refused", "Refused by Salesforce"
    REVOKED = "revoked", "Revoked"
    UNREADABLE = "unreadable", "No key decrypts it"


LOST = frozenset({GrantStatus.REFUSED, GrantStatus.UNREADABLE})


class SalesforceGrant(models.Model):
    """The tokens of a tenant's consent, encrypted at rest."""

    tenant = models.OneToOneField(Tenant, on_delete=models.PROTECT, related_name="grant")
    access_token = EncryptedTextField()
    refresh_token = EncryptedTextField()
    instance_url = models.URLField("instance URL")
    identity_url = models.URLField("identity URL")
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

    @property
    def is_readable(self) -> bool:
        """Whether a key of SECRET decrypts both tokens."""
        return not any(isinstance(t, Unreadable) for t in (self.access_token, self.refresh_token))

    @property
    def is_active(self) -> bool:
        """Whether the portal can use it, as far as it knows."""
        return self.status == GrantStatus.ACTIVE and self.is_readable

    @property
    def is_lost(self) -> bool:
        """Whether only a new sign-in helps."""
        return self.status in LOST or not self.is_readable

    def __str__(self) -> str:
        return f"{self.username} ({self.get_status_display()})"
