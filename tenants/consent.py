"""A subscriber's consent: what Salesforce answers after a sign-in, checked and stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants import callout_fields, hosts, links, orgid, timeline
from tenants.models import EventKind, GrantStatus, Proof, SalesforceGrant, Source, Tenant
from tenants.signals import tenant_changed

_MAX_TOKEN_LENGTH = 20_000  # characters; some access tokens are JSON Web Tokens of several thousand


class InvalidAnswer(Exception):
    """Salesforce's answer is incomplete or contains an unexpected value."""


@dataclass(frozen=True)
class Consent:
    """What Salesforce returns after a sign-in."""

    org_id: str
    username: str
    user_id: str
    scopes: str
    instance_url: str
    identity_url: str
    issued_at: datetime
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    email: str = ""
    # Where the package answered, if that was not where an unsigned callout said.
    namespace: str | None = None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Consent":
        """Read a token answer and identity document. Raises InvalidAnswer, HostNotAllowed."""
        try:
            org_id = orgid.normalize(read_text(answer, "organization_id"))
        except orgid.BadOrgId as error:
            raise InvalidAnswer(f"organization_id: {error}") from None
        return cls(
            org_id=org_id,
            username=read_text(answer, "username"),
            user_id=read_text(answer, "user_id", 18),
            scopes=read_text(answer, "scope"),
            instance_url=hosts.salesforce(read_text(answer, "instance_url", 200)),
            identity_url=hosts.salesforce(read_text(answer, "id", 200)),
            issued_at=_issued_at(answer.get("issued_at")),
            access_token=read_text(answer, "access_token", _MAX_TOKEN_LENGTH),
            refresh_token=read_text(answer, "refresh_token", _MAX_TOKEN_LENGTH),
            email=_email(answer.get("email")),
        )

    def facts(self) -> dict[str, str]:
        """Return what Salesforce itself says about the org and its contact."""
        found = {"admin_email": self.email, "login_domain": _my_domain(self.instance_url)}
        known = {name: value for name, value in found.items() if value}
        return known if self.namespace is None else {**known, "namespace": self.namespace}


@dataclass(frozen=True)
class Replaced:
    """The grant that a new consent replaces, to be revoked."""

    instance_url: str
    refresh_token: str = field(repr=False)


def store(tenant_id: int, consent: Consent) -> tuple[Tenant, Replaced | None]:
    """Store a consent for the tenant's own org. It also proves the registration.

    Return the tenant, and the grant that was replaced. Raises BadLink.
    """
    with transaction.atomic():
        # Locked, so that an off-boarding at the same moment cannot leave a new grant behind.
        tenant = Tenant.objects.select_for_update(no_key=True).filter(pk=tenant_id).first()
        if tenant is None or tenant.offboarded_at:
            raise links.BadLink("its tenant was off-boarded or erased during the sign-in")
        replaced = _replaced(tenant, consent)
        SalesforceGrant.objects.update_or_create(
            tenant=tenant,
            defaults={
                "access_token": consent.access_token,
                "refresh_token": consent.refresh_token,
                "instance_url": consent.instance_url,
                "identity_url": consent.identity_url,
                "username": consent.username,
                "user_id": consent.user_id,
                "scopes": consent.scopes,
                "issued_at": consent.issued_at,
                "refreshed_at": None,
                "status": GrantStatus.ACTIVE,
            },
        )
        tenant.prove(Proof.CONSENT, timezone.now())
        changed = _take_facts(tenant, consent)
        tenant.save(update_fields=["proof", "proven_at", "sources", *changed])
        timeline.note(
            tenant,
            EventKind.CONSENTED,
            f"{consent.username} signed in to Salesforce and allowed access.{_named(changed)}",
            actor=timeline.SUBSCRIBER,
            username=consent.username,
            scopes=consent.scopes,
            changes=changed,
        )
        # In the transaction: the connection that waits for this becomes due with the grant.
        tenant_changed.send(sender=Tenant, tenant=tenant)
    return tenant, replaced


def _replaced(tenant: Tenant, consent: Consent) -> Replaced | None:
    old = SalesforceGrant.objects.filter(tenant=tenant).first()
    if old is None or not old.is_active or old.refresh_token == consent.refresh_token:
        return None
    return Replaced(old.instance_url, old.refresh_token)


def _take_facts(tenant: Tenant, consent: Consent) -> dict[str, list[str]]:
    """Replace values of callouts by those of Salesforce; return {field: [before, now]}.

    Otherwise the first to register an org would stay its contact. Values from staff stay.
    """
    facts = consent.facts()
    if not tenant.is_trusted("login_domain"):
        facts.setdefault("login_domain", "")
    known = {
        name: value
        for name, value in facts.items()
        if not tenant.source_of(name).outranks(Source.SALESFORCE)
    }
    changed = {
        name: [getattr(tenant, name), value]
        for name, value in known.items()
        if getattr(tenant, name) != value
    }
    tenant.take(known, Source.SALESFORCE)
    return changed


def _named(changed: dict[str, list[str]]) -> str:
    if "admin_email" not in changed:
        return ""
    before, now = changed["admin_email"]
    return f" The contact is now {now}, as Salesforce says; it was {before}."


def _email(given: Any) -> str:
    """Return the user's address, or "" if Salesforce gives none that can be used."""
    try:
        return callout_fields.CHECKS["admin_email"](callout_fields.text(given))
    except ValueError:
        return ""


def _my_domain(instance_url: str) -> str:
    """Return the org's My Domain from its own address, or "" if it has none."""
    before, _, after = settings.SALESFORCE_MY_DOMAIN_URL.partition("{domain}")
    domain = instance_url.removeprefix(before).removesuffix(after)
    try:
        return callout_fields.CHECKS["login_domain"](domain)
    except ValueError:
        return ""


def read_text(answer: Mapping[str, Any], name: str, max_length: int = 255) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value or len(value) > max_length:
        raise InvalidAnswer(
            f"{name} is missing or is not a string of up to {max_length} characters"
        )
    return value


def _issued_at(milliseconds: Any) -> datetime:
    """Read Salesforce's issued_at, milliseconds since 1970 as text; now, if it cannot be read."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return timezone.now()
