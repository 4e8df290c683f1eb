"""The fixed cast: the tenants that every test speaks of."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from connect.models import Connection, HostApp, Stage
from tenants.models import Proof, Source, Tenant

ACME = {
    "org_id": "00DB00000002NDmMAM",
    "name": 'Acme & Söhne "West"',
    "admin_email": "ops@acme.example",
    "environment": "production",
    "login_domain": "acme.my.salesforce.com",
}
BOREALIS = {
    "org_id": "00D3h0000008cPbEAI",
    "name": "Borealis",
    "admin_email": "admin@borealis.example",
    "environment": "sandbox",
}
CIRRUS = {
    "org_id": "00Dxx0000001gPLEAY",
    "name": "Cirrus",
    "admin_email": "it@cirrus.example",
    "environment": "production",
    "namespace": "hcmc",
}
DUNE = {
    "org_id": "00D5g000004duneEAA",
    "name": "Dune Ltd",
    "admin_email": "it@dune.example",
    "environment": "production",
}
EMBER = {
    "org_id": "00D7k000001embrEAA",
    "name": "Ember AG",
    "admin_email": "crm@ember.example",
    "environment": "production",
}

# What a callout gives.
FIELDS = (
    "name",
    "admin_email",
    "environment",
    "login_domain",
    "namespace",
    "package_version",
    "installer_id",
)


def enrol(
    who: dict[str, str], *, proof: Proof = Proof.SIGNED, at: datetime | None = None
) -> Tenant:
    """Store a tenant as a callout would have."""
    now = at or timezone.now()
    proven_at = now if proof else None
    source = {Proof.SIGNED: Source.SIGNED, Proof.STAFF: Source.STAFF}.get(proof)
    sources = dict.fromkeys(FIELDS, source.value) if source else {}
    facts = {"proof": proof, "proven_at": proven_at, "registered_at": now, "sources": sources}
    return Tenant.objects.create(**who, **facts)


def connect(tenant: Tenant, stage: Stage = Stage.WAITING_FOR_PROOF, **facts: Any) -> Connection:
    """Store a tenant's connection in a stage, due now; on the first host app once it is placed."""
    if stage not in (Stage.WAITING_FOR_PROOF, Stage.CREATING_ADDON) or "addon_name" in facts:
        facts.setdefault("host_app", host_app())
    return Connection.objects.create(tenant=tenant, stage=stage, **facts)


def host_app() -> HostApp:
    """Return the host app that every test run has (tests/conftest.py)."""
    return HostApp.objects.get(name=settings.HEROKU_CONNECT_APP)
