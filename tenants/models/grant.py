"""A tenant's consent: the tokens with which the portal reaches its Salesforce org."""

from django.db import models

from tenants.fields import EncryptedTextField
from tenants.models.tenant import Tenant


class GrantStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    REFUSED = "refused", "Refused by Salesforce"
    REVOKED = "revoked", "Revoked"


class SalesforceGrant(models.Model):
    """The tokens of a tenant's consent, encrypted at rest."""

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
