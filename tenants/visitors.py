"""Which tenants' users this browser has shown to be, by signing in to Salesforce."""

from django.http import HttpRequest

from tenants.models import Tenant

_KEY = "signed_in"


def remember(request: HttpRequest, tenant: Tenant) -> None:
    """Store that a user of the tenant's own org has signed in with this browser."""
    # A new key, so that nobody who knew the old one shares what was just proven.
    request.session.cycle_key()
    known = request.session.get(_KEY, {})
    request.session[_KEY] = {**known, str(tenant.pk): _registration(tenant)}


def has_signed_in(request: HttpRequest, tenant: Tenant) -> bool:
    """Whether a user of the tenant's own org has signed in with this browser."""
    known = request.session.get(_KEY, {})
    return bool(known.get(str(tenant.pk)) == _registration(tenant))


def _registration(tenant: Tenant) -> str:
    return tenant.registered_at.isoformat()
