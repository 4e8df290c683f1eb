"""Adopting: the row of an add-on is made or repaired, so that its connection goes on."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from connect import addons, connections
from connect.addons import Owner
from connect.clients import heroku_connect
from connect.inventory import delete
from connect.inventory.act import HAS_ENDED, Act
from connect.models import Connection, Discrepancy, DiscrepancyKind, Stage, WaitingOn
from connect.operations import base
from connect.operations.base import Skip
from connect.provisioning import reconciler, stages
from connect.runner import patience
from connect.runner.outcomes import Facts
from tenants import proof, registration
from tenants.models import Proof, Tenant

_HAS_OTHER = "its tenant has another connection: delete it, if nobody else uses it"
# What a row forgets that was made for another add-on.
_FORGOTTEN: Facts = {
    **stages.NO_ERROR,
    **stages.NO_TROUBLE,
    **dict.fromkeys(("addon_id", "plan", "connection_id", "region_url", "schema_name"), ""),
    **dict.fromkeys(("state", "organization_id", "salesforce_username", "api_version"), ""),
    **dict.fromkeys(("schema_requested_at", "link_published_at", "authorized_at"), None),
    **dict.fromkeys(("template", "import_sent_at", "live_at", "seen_at", "paused_until"), None),
    **dict.fromkeys(("pause_note", "stage_before", "schema_fate"), ""),
    "ends_at": None,
    "reminders_sent": 0,
}


def needs_tenant(found: Discrepancy) -> bool:
    """Return whether its org is not a tenant: then a name and an e-mail have to be given."""
    owner = addons.owner_of(found.addon_name)
    return bool(owner and found.kind == DiscrepancyKind.ORPHAN) and _tenant(owner) is None


def refusal(found: Discrepancy) -> str:
    """Return "" if the add-on can be adopted, else why not and what to do instead."""
    if found.ended_at:
        return HAS_ENDED
    if found.kind == DiscrepancyKind.CHANGED:
        return ""
    if found.kind == DiscrepancyKind.DOUBLED:
        return _HAS_OTHER
    if found.kind == DiscrepancyKind.MISSING:
        return "there is nothing to adopt: start over, or off-board its tenant"
    owner = addons.owner_of(found.addon_name)
    if owner is None:
        return "the portal did not name it: delete it, if nobody else uses it"
    return _refusal_of(owner)


def _refusal_of(owner: Owner) -> str:
    tenant = _tenant(owner)
    if tenant is None:
        return ""
    if tenant.offboarded_at:
        return "its tenant is off-boarded: delete it, or register the tenant again first"
    if tenant.connections.filter(generation=owner.generation, offboarded_at__isnull=False).exists():
        return "its connection was ended: delete it"
    current = connections.current(tenant)
    if current is None or not current.addon_requested_at:
        return ""
    # After a restore the row may be of the add-on that this one has replaced.
    missing = current.discrepancies.filter(kind=DiscrepancyKind.MISSING, ended_at=None).exists()
    return "" if missing and current.generation < owner.generation else _HAS_OTHER


def _adopt(found: Discrepancy, actor: str, options: Mapping[str, Any]) -> str:
    if found.kind == DiscrepancyKind.CHANGED:
        return _take_names(found)
    owner = addons.owner_of(found.addon_name)
    if owner is None or (needs_tenant(found) and not options.get("admin_email")):
        raise Skip("its org is not a tenant: adopt it on its own page")
    addon = delete.look(found)
    facts = {
        **_FORGOTTEN,
        "stage": Stage.CREATING_ADDON,
        "stage_since": timezone.now(),
        "next_attempt_at": timezone.now(),
        "waiting_on": WaitingOn.PORTAL,
        "waiting_for": "",
        **patience.FRESH,
        "generation": owner.generation,
        "addon_name": addon.name,
        "addon_requested_at": timezone.now(),
        "host_app": found.host_app,
    }
    found.row = _row(owner, facts, actor, options)
    found.tenant = found.row.tenant
    # A row whose own add-on was missing has this one now.
    others = found.row.discrepancies.filter(ended_at=None).exclude(pk=found.pk)
    others.update(ended_at=timezone.now(), outcome=f"{addon.name} was adopted instead.")
    reconciler.hurry(found.row.pk)
    return "the portal goes on with it, step by step; what is done already is found."


def _row(owner: Owner, facts: Facts, actor: str, given: Mapping[str, Any]) -> Connection:
    """Make or repair the row. In one transaction with its tenant, so nothing else is ordered."""
    with transaction.atomic():
        tenant = _tenant(owner) or registration.enrol(owner.org_id, given, actor)
        current = connections.current(tenant)
        if current is None:
            return Connection.objects.create(tenant=tenant, **facts)
    with base.held(current.pk) as claim:
        claim.record(**facts)
    if tenant.proof == Proof.NONE:
        proof.approve(tenant.pk, actor)
    return current


def _take_names(found: Discrepancy) -> str:
    """Store what Heroku calls the add-on and its connection now."""
    assert found.row is not None  # noqa: S101  (a changed one has a row)
    addon = delete.look(found)
    summaries = heroku_connect.link(delete.app_of_found(found), addon.name)
    facts: Facts = {"addon_id": addon.id, "addon_name": addon.name, "plan": addon.plan}
    if summaries:
        facts |= {"connection_id": summaries[0].id, "region_url": summaries[0].region_url}
    with base.held(found.row.pk) as claim:
        claim.record(**facts)
    return "the portal uses the names that Heroku has now."


def _tenant(owner: Owner | None) -> Tenant | None:
    return Tenant.objects.filter(org_id=owner.org_id).first() if owner else None


ADOPT = Act("Adopt", refusal, _adopt)
