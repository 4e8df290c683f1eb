"""The signed links that subscribers get: for one tenant, for one purpose, for thirty days.

A link contains the tenant's registered_at, so it is invalid once the tenant is off-boarded, also
after a new registration. The link to the subscriber's page is also bound to the contact, so it is
invalid once another person is the contact.

A page that is reached by a link leads on by links of the same age (`like`): using a link never
prolongs it.
"""

import time
from datetime import timedelta
from typing import Any, NewType

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import salted_hmac

from tenants.models import Tenant

# What a link is for. A link of one kind is invalid as another.
LinkKind = NewType("LinkKind", str)

SIGN_IN = LinkKind("sign-in")
ASK_FOR_FRESH = LinkKind("fresh-link")  # what the page of an ended link sends
LIFETIME = timedelta(days=30)


class BadLink(Exception):
    """A link that was never ours, was changed, is too old, or belongs to a tenant that has left.

    `tenant_id` is that of a link that was ours and has ended, else None.
    """

    def __init__(self, why: str, tenant_id: int | None = None) -> None:
        super().__init__(why)
        self.tenant_id = tenant_id


class _Signer(signing.TimestampSigner):
    """Signs with the time of another link, if one is given."""

    def __init__(self, kind: LinkKind, like: str = "") -> None:
        super().__init__(salt=f"tenants.links.{kind}")
        self._like = like

    def timestamp(self) -> str:
        if self._like:  # <data>:<time>:<signature>
            return self._like.rsplit(":", 2)[1]
        return signing.b62_encode(int(time.time()))


def sign_in_url(tenant: Tenant, *, like: str = "") -> str:
    """Return the address of the subscriber's own page."""
    return url("authenticate", SIGN_IN, tenant, like=like)


def url(route: str, kind: LinkKind, tenant: Tenant, *, like: str = "") -> str:
    """Return the whole address of a link. `route` names a URL pattern with one argument."""
    return settings.PORTAL_URL + reverse(route, args=[signed_part(kind, tenant, like=like)])


def signed_part(kind: LinkKind, tenant: Tenant, *, like: str = "") -> str:
    """Return the signed part of a link. `like` is that of a valid link, whose age it takes."""
    return sign(kind, [tenant.pk, *_stamp(kind, tenant)], like=like)


def tenant_for(kind: LinkKind, signed: str) -> Tenant:
    """Return the tenant of a link. Raises BadLink."""
    pk, *stamp = read(kind, signed)
    tenant = Tenant.objects.filter(pk=pk, offboarded_at=None).first()
    # The link of an earlier registration must not open the page of the next one.
    if tenant is None or _stamp(kind, tenant) != stamp:
        raise BadLink("its tenant has left, registered again or has another contact", pk)
    return tenant


def sign(kind: LinkKind, parts: list[Any], *, like: str = "") -> str:
    """Return the signed part of a link that holds `parts`."""
    return _Signer(kind, like).sign_object(parts)


def read(kind: LinkKind, signed: str) -> list[Any]:
    """Return the parts of a link, the tenant's key first. Raises BadLink."""
    signer = _Signer(kind)
    try:
        parts: list[Any] = signer.unsign_object(signed, max_age=LIFETIME)
    except signing.SignatureExpired:
        raise BadLink("too old", signer.unsign_object(signed)[0]) from None
    except signing.BadSignature:
        raise BadLink("tampered with or made for another purpose") from None
    return parts


def _stamp(kind: LinkKind, tenant: Tenant) -> list[Any]:
    """Return what has to be unchanged for a link to be valid."""
    registered = round(tenant.registered_at.timestamp() * 1_000_000)
    if kind != SIGN_IN:
        return [registered]
    # Everybody with the link can read this, so it must not tell a guessed address from another.
    contact = salted_hmac("tenants.links.contact", tenant.admin_email, algorithm="sha256")
    return [registered, contact.hexdigest()[:8]]
