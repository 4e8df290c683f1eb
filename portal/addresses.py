"""The addresses of the staff's pages that e-mails of lower apps link to."""

from django.conf import settings
from django.urls import reverse

from tenants.addresses import Address, register
from tenants.models import Tenant


def staff_url(tenant: Tenant | None) -> str:
    """Return the address of a tenant's page in the admin, or of the dashboard without a tenant."""
    if tenant is None:
        return settings.PORTAL_URL + reverse("admin:index")
    return settings.PORTAL_URL + reverse("admin:tenants_tenant_change", args=[tenant.pk])


# Lower apps may not import this one, so they ask for an address by its name.
register(Address.STAFF, staff_url)
