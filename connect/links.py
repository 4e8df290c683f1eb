"""The signed links that lead a subscriber to Heroku Connect and back."""

from tenants import links
from tenants.addresses import Address, register
from tenants.links import LinkKind
from tenants.models import Tenant

AUTHORIZE = LinkKind("connect")
AUTH_COMPLETE = LinkKind("auth-complete")


def authorize_url(tenant: Tenant, *, like: str = "") -> str:
    """Return the address that redirects to a new Heroku Connect authorize URL."""
    return links.url("connect-authorize", AUTHORIZE, tenant, like=like)


def auth_complete_url(tenant: Tenant, *, like: str = "") -> str:
    """Return the address that Heroku Connect sends the subscriber back to."""
    return links.url("connect-auth-complete", AUTH_COMPLETE, tenant, like=like)


register(Address.AUTHORIZE, authorize_url)
