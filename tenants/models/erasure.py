"""The record that a tenant's data was erased."""

from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.timezone import localtime

from tenants.models.tenant import Tenant


class Erasure(models.Model):
    """One erasure. It says who did it and how much, and holds no data of the tenant.

    Append-only, and the database deletes events only of tenants with a row here.
    """

    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField("who", max_length=150)
    tenant_number = models.BigIntegerField(help_text="The number of the tenant's row.")
    org_digest = models.CharField(
        max_length=64,
        db_index=True,
        help_text="An HMAC of the org id, to answer whether an org that is named was erased.",
    )
    generations = models.PositiveIntegerField(
        default=0, help_text="Schema names up to this number are used up for the org."
    )
    counts = models.JSONField(default=dict, help_text="How many rows of each kind were erased.")

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{localtime(self.at):%Y-%m-%d %H:%M}, tenant {self.tenant_number}"


def digest_of(org_id: str) -> str:
    """Return the digest under which an org's erasures are found."""
    return salted_hmac("tenants.erasure", org_id, algorithm="sha256").hexdigest()


def erasures_of(tenant: Tenant) -> models.QuerySet[Erasure]:
    """Return the erasures of an org that was a tenant before."""
    return Erasure.objects.filter(org_digest=digest_of(tenant.org_id))
