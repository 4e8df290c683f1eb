"""The signed links that subscribers get: for one tenant, for one purpose, for a while.

A link carries the tenant's registered_at: it dies when the tenant is off-boarded and starts over.
"""

from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.core import signing
from django.urls import reverse

from tenants.models import Tenant


class Kind(StrEnum):
    """What a link is for; a link of one kind is worth nothing as another."""

    SIGN_IN = "sign-in"
    CONNECT = "connect"
    AUTH_COMPLETE = "auth-complete"


LIFETIMES = {
    Kind.SIGN_IN: timedelta(days=30),
    Kind.CONNECT: timedelta(days=30),
    Kind.AUTH_COMPLETE: timedelta(days=30),
}


class BadLink(Exception):
    """A link that was never ours, was changed, is too old, or whose tenant has left."""


def sign_in_url(tenant: Tenant) -> str:
    """Return the address of the subscriber's own page."""
    return _url("authenticate", Kind.SIGN_IN, tenant)


def connect_url(tenant: Tenant) -> str:
    """Return the address that leads on to a fresh Heroku Connect authorize URL."""
    return _url("connect-authorize", Kind.CONNECT, tenant)


def auth_complete_url(tenant: Tenant) -> str:
    """Return the address that Heroku Connect sends the subscriber back to."""
    return _url("connect-auth-complete", Kind.AUTH_COMPLETE, tenant)


def sign(kind: Kind, tenant: Tenant) -> str:
    """Return the signed part of a link."""
    return signing.dumps([tenant.pk, _registration(tenant)], salt=_salt(kind))


def tenant_of(kind: Kind, signed: str) -> Tenant:
    """Return the tenant whom a link was made for. Raises BadLink."""
    try:
        pk, registration = signing.loads(signed, salt=_salt(kind), max_age=LIFETIMES[kind])
    except signing.BadSignature:
        raise BadLink("tampered with, expired or made for something else") from None
    tenant = Tenant.objects.filter(pk=pk, offboarded_at=None).first()
    if tenant is None or _registration(tenant) != registration:
        raise BadLink("its tenant has left or started over")
    return tenant


def _url(name: str, kind: Kind, tenant: Tenant) -> str:
    return settings.PORTAL_URL + reverse(name, args=[sign(kind, tenant)])


def _registration(tenant: Tenant) -> int:
    return round(tenant.registered_at.timestamp() * 1_000_000)


def _salt(kind: Kind) -> str:
    return f"tenants.links.{kind}"
