"""The signed links that subscribers get: for one tenant, for one purpose, for thirty days.

A link contains the tenant's registered_at, so it is invalid once the tenant is off-boarded, also
after a new registration.
"""

from datetime import timedelta
from typing import NewType

from django.conf import settings
from django.core import signing
from django.urls import reverse

from tenants.models import Tenant

# What a link is for. A link of one kind is invalid as another.
LinkKind = NewType("LinkKind", str)

SIGN_IN = LinkKind("sign-in")
LIFETIME = timedelta(days=30)


class BadLink(Exception):
    """A link that was never ours, was changed, is too old, or belongs to a tenant that has left."""


def sign_in_url(tenant: Tenant) -> str:
    """Return the address of the subscriber's own page."""
    return url("authenticate", SIGN_IN, tenant)


def url(route: str, kind: LinkKind, tenant: Tenant) -> str:
    """Return the whole address of a link. `route` names a URL pattern with one argument."""
    return settings.PORTAL_URL + reverse(route, args=[signed_part(kind, tenant)])


def signed_part(kind: LinkKind, tenant: Tenant) -> str:
    """Return the signed part of a link."""
    return signing.dumps([tenant.pk, _registration_stamp(tenant)], salt=_salt(kind))


def tenant_for(kind: LinkKind, signed: str) -> Tenant:
    """Return the tenant of a link. Raises BadLink."""
    try:
        pk, stamp = signing.loads(signed, salt=_salt(kind), max_age=LIFETIME)
    except signing.BadSignature:
        raise BadLink("tampered with, expired or made for another purpose") from None
    tenant = Tenant.objects.filter(pk=pk, offboarded_at=None).first()
    # The link of an earlier registration must not open the page of the next one.
    if tenant is None or _registration_stamp(tenant) != stamp:
        raise BadLink("its tenant has left or registered again")
    return tenant


def _registration_stamp(tenant: Tenant) -> int:
    """Return registered_at in microseconds."""
    return round(tenant.registered_at.timestamp() * 1_000_000)


def _salt(kind: LinkKind) -> str:
    return f"tenants.links.{kind}"
