"""Registering a tenant: a new one, a known one, and one that calls again at or after its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants import limits, messages, orgs, timeline
from tenants.callout_data import CalloutData
from tenants.models import Event, EventKind, Proof, Source, Tenant
from tenants.progress import progress_of
from tenants.signals import tenant_changed

_BLANK = {"login_domain": "", "package_version": "", "installer_id": ""}
# What a callout does not decide about a tenant that is off-boarded or blocked.
_WAITS = "Received. The portal's staff have to accept this org."
# A stranger can send as many different callouts as they like; the timeline is never pruned.
CONFLICTS_PER_DAY = 5
_FULL_RETRY_AFTER = 3600  # seconds


@dataclass(frozen=True)
class CalloutAnswer:
    """The answer to a callout: an HTTP status and a sentence. `retry_after` is in seconds.

    `outcome` is for staff where they may know more than the caller.
    """

    status: int
    message: str
    errors: dict[str, str] = field(default_factory=dict)
    retry_after: int | None = None
    tenant: Tenant | None = None
    outcome: str = ""


@transaction.atomic(savepoint=False)
def register(data: CalloutData, *, signed: bool, is_first: bool = False) -> CalloutAnswer:
    """Create the tenant of an org that is not blocked, or update the known one.

    `is_first`: the org was never a tenant, when it was looked up a moment ago. Returns 202, 409 or
    429. Raises IntegrityError if another callout has just created the tenant: the caller looks it
    up and tries again.
    """
    if is_first:
        return _create(data, signed=signed, is_first=True)
    # no_key: a stronger lock would hold up every event that refers to this tenant.
    locked = Tenant.objects.select_for_update(no_key=True)
    tenant = locked.filter(org_id=data.org_id).first()
    if tenant is None:
        return _create(data, signed=signed)
    if tenant.offboarded_at:
        return _hold_returned(tenant, data, signed=signed)
    return _tell_of_end(tenant, _compare(tenant, data, signed=signed), signed=signed)


def _create(data: CalloutData, *, signed: bool, is_first: bool = False) -> CalloutAnswer:
    tenant = Tenant(org_id=data.org_id, registered_at=timezone.now())
    tenant.take(_all_values(data), _source(signed=signed))
    return _start(tenant, data.values, signed=signed, text="Registered", is_first=is_first)


def is_full() -> bool:
    """Whether no unsigned callout is taken now: strangers can make any number of tenants."""
    waiting = Tenant.objects.filter(proof=Proof.NONE, offboarded_at=None)
    return waiting.count() >= settings.UNPROVEN_TENANTS


def refuse_full() -> CalloutAnswer:
    messages.notify_staff(
        None,
        key=f"unproven-tenants:{timezone.now():%Y%m%d}",
        subject="Too many tenants wait for proof",
        text=f"{settings.UNPROVEN_TENANTS} tenants wait for proof, so unsigned callouts are "
        "refused. Look at the newest tenants: off-board and erase junk, approve what is "
        "genuine, or raise UNPROVEN_TENANTS.",
    )
    text = "Too many registrations wait for proof: try again later, or send a signed callout."
    return CalloutAnswer(429, text, retry_after=_FULL_RETRY_AFTER)


def _source(*, signed: bool) -> Source:
    return Source.SIGNED if signed else Source.CALLOUT


def _all_values(data: CalloutData) -> dict[str, str]:
    return {**_BLANK, **data.with_defaults()}


def _start(
    tenant: Tenant, claimed: object, *, signed: bool, text: str, is_first: bool = False
) -> CalloutAnswer:
    if signed:
        tenant.prove(Proof.SIGNED, tenant.registered_at)
    tenant.save()
    how = "by a signed callout" if signed else "by an unsigned callout"
    _note(tenant, EventKind.REGISTERED, f"{text} {how}.", is_first=is_first, claimed=claimed)
    message = "Registered. The admin receives an e-mail with the next step."
    return CalloutAnswer(202, message, tenant=tenant)


# --- a known tenant ------------------------------------------------------------------------------


def _compare(tenant: Tenant, data: CalloutData, *, signed: bool) -> CalloutAnswer:
    source = _source(signed=signed)
    outranked = {
        name: value
        for name, value in _all_values(data).items()
        if source.outranks(tenant.source_of(name))
    }
    if outranked:
        return _replace(tenant, outranked)
    # A signed callout may differ from what Salesforce and staff say: they outrank it.
    differences = {
        name: pair
        for name, pair in data.differences(tenant).items()
        if not signed or tenant.source_of(name) == source
    }
    if not differences:
        return CalloutAnswer(
            202, "This org is already registered. Nothing has changed.", tenant=tenant
        )
    # An upgraded package calls again; that is the one change that needs no person.
    if signed and differences.keys() == {"package_version"}:
        return _upgrade(tenant, differences)
    return _conflict(tenant, differences, signed=signed)


def _replace(tenant: Tenant, values: dict[str, str]) -> CalloutAnswer:
    """Let a signed callout replace the data of an unsigned one, which may be a stranger's."""
    changes = {
        name: [getattr(tenant, name), value]
        for name, value in values.items()
        if getattr(tenant, name) != value
    }
    tenant.take(values, Source.SIGNED)
    tenant.prove(Proof.SIGNED, timezone.now())
    tenant.save()
    named = f" It changed {', '.join(changes)}." if changes else ""
    text = f"Registered again, this time by a signed callout.{named}"
    _note(tenant, EventKind.REGISTERED_AGAIN, text, changes=changes)
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
        _warn(tenant, text, changes=differences, signed=signed)
    message = (
        "This org is registered with different data. Nothing was changed; staff can see the "
        "conflict."
    )
    return CalloutAnswer(409, message, tenant=tenant)


# --- who waits for staff -------------------------------------------------------------------------


@transaction.atomic(savepoint=False)
def hold_blocked(data: CalloutData, *, signed: bool) -> CalloutAnswer:
    """Notify staff that a blocked org has called. Nothing else is done."""
    tenant = Tenant.objects.select_for_update(no_key=True).filter(org_id=data.org_id).first()
    text = f"The blocked org {data.org_id} sent a callout. Nothing was done."
    if tenant:
        _warn(tenant, text, signed=signed)
        if tenant.offboarded_at:
            _remember(tenant, data, signed=signed)
    messages.notify_staff(
        tenant,
        key=f"blocked-org:{data.org_id}:{timezone.now():%Y%m%d}",
        subject="A blocked org has called",
        text=f"{text} Lift the block to let it register; then it has to call again.",
    )
    return CalloutAnswer(202, _WAITS, tenant=tenant, outcome=text)


def _hold_returned(tenant: Tenant, data: CalloutData, *, signed: bool) -> CalloutAnswer:
    """Keep what an off-boarded org sent until staff accept it: a callout never revives it."""
    is_new = tenant.returned_at is None
    _remember(tenant, data, signed=signed)
    text = "The off-boarded org called again. It waits for staff."
    if is_new:
        timeline.note(tenant, EventKind.RETURNED, text, actor=timeline.PACKAGE, signed=signed)
        messages.notify_staff(
            tenant,
            key=f"returned:{tenant.pk}:{tenant.offboarded_at:%Y%m%d%H%M%S}",
            subject="An off-boarded org wants to come back",
            text=f"The org {tenant.org_id} sent a callout. Open its page to register it again.",
        )
    return CalloutAnswer(202, _WAITS, tenant=tenant, outcome=text)


def _tell_of_end(tenant: Tenant, answer: CalloutAnswer, *, signed: bool) -> CalloutAnswer:
    """Return an answer that names the end of an org in its grace period: no callout undoes it."""
    ends_at = progress_of(tenant).ends_at
    if ends_at is None:
        return answer
    when = f"{ends_at:%-d %b %Y, %H:%M} UTC"
    text = f"The org called again while it is being off-boarded. It ends at {when}, unless undone."
    stamp = ends_at.isoformat()
    if not tenant.events.filter(kind=EventKind.RETURNED, data__ends_at=stamp).exists():
        what = {"signed": signed, "ends_at": stamp}
        timeline.note(tenant, EventKind.RETURNED, text, actor=timeline.PACKAGE, **what)
        messages.notify_staff(
            tenant,
            key=f"called-in-grace:{tenant.pk}:{stamp}",
            subject="An org that is being off-boarded has called",
            text=f"{text} If they want to stay, press “Undo off-boarding” on the tenant's page.",
        )
    if answer.status != 202:
        return answer
    said = f"This org is being off-boarded and ends at {when}. Only our staff can undo that."
    return replace(answer, message=said)


def _remember(tenant: Tenant, data: CalloutData, *, signed: bool) -> None:
    # A stranger's callout must not take the place of a signed one.
    if tenant.returned_with.get("signed") and not signed:
        return
    tenant.returned_at = tenant.returned_at or timezone.now()
    tenant.returned_with = {"signed": signed, "values": dict(data.values)}
    tenant.save(update_fields=["returned_at", "returned_with"])


@transaction.atomic
def admit(tenant_id: int, actor: str) -> bool:
    """Register an off-boarded org that called again; False if none waits.

    Its earlier proof and data are discarded.
    """
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    if not tenant.offboarded_at or not tenant.returned_at or orgs.is_blocked(tenant.org_id):
        return False
    data = CalloutData(tenant.org_id, tenant.returned_with["values"])
    signed = bool(tenant.returned_with["signed"])
    tenant.sources = {}
    tenant.take(_all_values(data), _source(signed=signed))
    tenant.registered_at, tenant.offboarded_at = timezone.now(), None
    tenant.returned_at, tenant.returned_with = None, {}
    tenant.proof, tenant.proven_at = Proof.NONE, None
    timeline.note(tenant, EventKind.STAFF_ACTION, "Register again.", actor=actor)
    _start(tenant, data.values, signed=signed, text="Came back: registered again")
    return True


def enrol(org_id: str, given: Mapping[str, str], actor: str) -> Tenant:
    """Store an org as a tenant by the word of staff, who adopt its add-on.

    The caller makes its connection in the same transaction.
    """
    now = timezone.now()
    tenant = Tenant(org_id=org_id, registered_at=now, proof=Proof.STAFF, proven_at=now)
    tenant.take({name: given[name] for name in ("name", "admin_email")}, Source.STAFF)
    tenant.save()
    text = f"Registered by {actor}: its add-on was adopted."
    timeline.note(tenant, EventKind.REGISTERED, text, actor=actor)
    return tenant


# --- events --------------------------------------------------------------------------------------


def _note(
    tenant: Tenant, kind: EventKind, text: str, *, is_first: bool = False, **data: object
) -> None:
    timeline.note(tenant, kind, text, actor=timeline.PACKAGE, **data)
    tenant_changed.send(sender=Tenant, tenant=tenant, is_first=is_first)


def _warn(tenant: Tenant, text: str, **data: object) -> None:
    """Note a refused callout, up to a few a day."""
    key = f"conflict:{tenant.pk}"
    per_hour = CONFLICTS_PER_DAY / 24
    if limits.take(key, per_hour, timezone.now(), size=CONFLICTS_PER_DAY) == 0:
        timeline.note(tenant, EventKind.CONFLICT, text, actor=timeline.PACKAGE, **data)
