"""Whether a registration is proven, and the approval by staff."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants import orgs, timeline
from tenants.models import EventKind, Proof, Tenant
from tenants.signals import tenant_changed


def is_proven(tenant: Tenant) -> bool:
    """Whether the proof is enough, under REGISTRATION_POLICY, to create a paid add-on."""
    match settings.REGISTRATION_POLICY:
        case "open":
            return True
        case "approval":
            return tenant.proof == Proof.STAFF or (
                bool(tenant.proof) and orgs.is_allowed(tenant.org_id)
            )
    return bool(tenant.proof)


@transaction.atomic
def approve(tenant_id: int, actor: str) -> bool:
    """Approve a tenant with any proof or none; return False if it was approved already.

    `actor` is the user name.
    """
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    if tenant.proof == Proof.STAFF:
        text = "Approve: skipped, it is already approved."
        timeline.note(tenant, EventKind.STAFF_ACTION, text, actor=actor, outcome="skipped")
        return False
    tenant.proof, tenant.proven_at = Proof.STAFF, timezone.now()
    tenant.save(update_fields=["proof", "proven_at"])
    timeline.note(tenant, EventKind.APPROVED, f"Approved by {actor}.", actor=actor)
    tenant_changed.send(sender=Tenant, tenant=tenant)
    return True
