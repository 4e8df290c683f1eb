"""Which tenants' users this browser has shown to be, by signing in to Salesforce."""

from django.http import HttpRequest

from tenants import links
from tenants.models import Tenant

_KEY = "signed_in"
_PAGE = "subscriber_page"


def remember(request: HttpRequest, tenant: Tenant, link: str) -> None:
    """Store that a user of the tenant's own org has signed in with this browser.

    `link` is the signed part of the sign-in link that the browser came by, "" without one.
    """
    # A new key, so that nobody who knew the old one shares what was just proven.
    request.session.cycle_key()
    known = request.session.get(_KEY, {})
    request.session[_KEY] = {**known, str(tenant.pk): _registration(tenant)}
    request.session[_PAGE] = links.signed_part(links.SIGN_IN, tenant, like=link)


def has_signed_in(request: HttpRequest, tenant: Tenant) -> bool:
    """Whether a user of the tenant's own org has signed in with this browser."""
    known = request.session.get(_KEY, {})
    return bool(known.get(str(tenant.pk)) == _registration(tenant))


def page_of(request: HttpRequest) -> str:
    """Return the signed part of the link to the page that was signed in for last, or ""."""
    return str(request.session.get(_PAGE, ""))


def _registration(tenant: Tenant) -> str:
    return tenant.registered_at.isoformat()
