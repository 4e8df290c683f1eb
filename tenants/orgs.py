"""What staff decided about an org: blocked, or allowed without approval."""

from django.db import transaction

from tenants import timeline
from tenants.models import EventKind, OrgRule, OrgVerdict, Tenant
from tenants.signals import tenant_changed


def is_blocked(org_id: str) -> bool:
    """Whether staff have blocked an org."""
    return OrgRule.objects.filter(org_id=org_id, verdict=OrgVerdict.BLOCKED).exists()


def is_allowed(org_id: str) -> bool:
    """Whether staff have allowed an org before it registered."""
    return OrgRule.objects.filter(org_id=org_id, verdict=OrgVerdict.ALLOWED).exists()


@transaction.atomic
def decide(org_id: str, verdict: OrgVerdict, *, actor: str, why: str) -> OrgRule:
    """Store what staff decided about an org. A later decision replaces an earlier one."""
    rule, _ = OrgRule.objects.update_or_create(
        org_id=org_id, defaults={"verdict": verdict, "who": actor, "why": why}
    )
    blocked = verdict == OrgVerdict.BLOCKED
    _note(org_id, f"{verdict.label}: {why}", actor, blocked=blocked)
    return rule


@transaction.atomic
def lift(org_id: str, *, actor: str) -> bool:
    """Delete what staff decided about an org; return whether there was anything."""
    rule = OrgRule.objects.select_for_update().filter(org_id=org_id).first()
    if rule is None:
        return False
    rule.delete()
    _note(org_id, f"No longer “{rule.get_verdict_display().lower()}”.", actor, blocked=False)
    return True


def _note(org_id: str, text: str, actor: str, *, blocked: bool) -> None:
    tenant = Tenant.objects.select_for_update(no_key=True).filter(org_id=org_id).first()
    if tenant:
        tenant.is_blocked = blocked
        tenant.save(update_fields=["is_blocked"])
        timeline.note(tenant, EventKind.STAFF_ACTION, text, actor=actor)
        # A connection that waits for this goes on, or stops.
        tenant_changed.send(sender=Tenant, tenant=tenant)
