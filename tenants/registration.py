"""Registering a tenant: a new one, a known one, and one that registers again."""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from tenants import timeline
from tenants.callout_data import CalloutData
from tenants.models import Event, EventKind, Proof, Tenant
from tenants.signals import tenant_changed

_BLANK = {"login_domain": "", "package_version": "", "installer_id": ""}


@dataclass(frozen=True)
class CalloutAnswer:
    """The answer to a callout: an HTTP status and a sentence. `retry_after` is in seconds."""

    status: int
    message: str
    errors: dict[str, str] = field(default_factory=dict)
    retry_after: int | None = None
    tenant: Tenant | None = None


@transaction.atomic
def register(data: CalloutData, *, signed: bool) -> CalloutAnswer:
    """Create the tenant, or update the known one. Returns 202 or 409."""
    now = timezone.now()
    tenant, is_new = Tenant.objects.get_or_create(
        org_id=data.org_id, defaults={**data.with_defaults(), "registered_at": now}
    )
    if is_new:
        return _register_new(tenant, data, signed=signed, text="Registered")
    # no_key: a stronger lock would hold up every event that refers to this tenant.
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if tenant.offboarded_at:
        return _register_again(tenant, data, signed=signed)
    differences = data.differences(tenant)
    if signed and not tenant.proof:
        return _accept_signed(tenant, differences)
    if not differences:
        return CalloutAnswer(
            202, "This org is already registered. Nothing has changed.", tenant=tenant
        )
    # An upgraded package calls again; that is the one change that needs no person.
    if signed and differences.keys() == {"package_version"}:
        return _upgrade(tenant, differences)
    return _conflict(tenant, differences, signed=signed)


def _register_new(tenant: Tenant, data: CalloutData, *, signed: bool, text: str) -> CalloutAnswer:
    if signed:
        tenant.prove(Proof.SIGNED, tenant.registered_at)
    tenant.save()
    how = "by a signed callout" if signed else "by an unsigned callout"
    _note(tenant, EventKind.REGISTERED, f"{text} {how}.", claimed=dict(data.values))
    message = "Registered. The admin receives an e-mail with the next step."
    return CalloutAnswer(202, message, tenant=tenant)


def _register_again(tenant: Tenant, data: CalloutData, *, signed: bool) -> CalloutAnswer:
    """Register an off-boarded tenant again. Its earlier proof and data are discarded."""
    for name, value in {**_BLANK, **data.with_defaults()}.items():
        setattr(tenant, name, value)
    tenant.registered_at, tenant.offboarded_at = timezone.now(), None
    tenant.proof, tenant.proven_at = Proof.NONE, None
    return _register_new(tenant, data, signed=signed, text="Came back: registered again")


def _accept_signed(tenant: Tenant, differences: dict[str, list[str]]) -> CalloutAnswer:
    """Let a signed callout replace the data of an unsigned one, which may be a stranger's."""
    for name, (_, value) in differences.items():
        setattr(tenant, name, value)
    tenant.prove(Proof.SIGNED, timezone.now())
    tenant.save()
    named = f" It changed {', '.join(differences)}." if differences else ""
    text = f"Registered again, this time by a signed callout.{named}"
    _note(tenant, EventKind.REGISTERED_AGAIN, text, changes=differences)
    return CalloutAnswer(
        202, "Registered: the signature proves the earlier registration.", tenant=tenant
    )


def _upgrade(tenant: Tenant, differences: dict[str, list[str]]) -> CalloutAnswer:
    before, tenant.package_version = differences["package_version"]
    tenant.save(update_fields=["package_version"])
    text = f"The package was upgraded from {before or 'an unknown version'} to "
    _note(
        tenant, EventKind.REGISTERED_AGAIN, f"{text}{tenant.package_version}.", changes=differences
    )
    return CalloutAnswer(202, "The new package version is stored.", tenant=tenant)


def _conflict(tenant: Tenant, differences: dict[str, list[str]], *, signed: bool) -> CalloutAnswer:
    text = "A signed" if signed else "An unsigned"
    text += f" callout gave other data of this org and was refused: {', '.join(differences)}."
    known = Event.objects.filter(
        tenant=tenant,
        kind=EventKind.CONFLICT,
        data__changes=differences,
        at__gte=tenant.registered_at,
    )
    if not known.exists():  # staff already know about this conflict
        timeline.note(
            tenant,
            EventKind.CONFLICT,
            text,
            actor=timeline.PACKAGE,
            changes=differences,
            signed=signed,
        )
    message = (
        "This org is registered with different data. Nothing was changed; staff can see the "
        "conflict."
    )
    return CalloutAnswer(409, message, tenant=tenant)


def _note(tenant: Tenant, kind: EventKind, text: str, **data: object) -> None:
    timeline.note(tenant, kind, text, actor=timeline.PACKAGE, **data)
    tenant_changed.send(sender=Tenant, tenant=tenant)
