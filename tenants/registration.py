"""Registrations: callouts are kept, judged and answered; tenants are made, return, are approved.

Nothing here waits for an outside system: `tenant_changed` tells the floors above, which queue work.
"""

import logging
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants import claims, limits, signing, switches, timeline
from tenants.claims import Claims
from tenants.models import Callout, Event, EventKind, Proof, Tenant
from tenants.signals import tenant_changed

log = logging.getLogger(__name__)

MOST_BYTES = 16 * 1024
SWITCHED_OFF_PAUSE = 3600  # seconds
_BLANK = {"login_domain": "", "package_version": "", "installer_id": ""}


@dataclass(frozen=True)
class Inbound:
    """A callout as it came in. `body` holds at most MOST_BYTES of it."""

    body: bytes
    content_type: str = claims.JSON
    timestamp: str = ""
    signature: str = ""
    remote_address: str | None = None
    truncated: bool = False


@dataclass(frozen=True)
class Verdict:
    """The answer to a callout: an HTTP status and a sentence. `retry_after` is in seconds."""

    status: int
    message: str
    errors: dict[str, str] = field(default_factory=dict)
    retry_after: int | None = None
    tenant: Tenant | None = None


def receive(inbound: Inbound) -> Verdict:
    """Keep a callout, judge it, and return the answer. Never raises for what a sender can send."""
    wait = limits.seconds_to_wait(inbound.remote_address, inbound.body)
    if wait:  # not kept: a limiter that writes a row for each refusal is none
        return Verdict(429, f"Too many callouts: try again in {wait} s.", retry_after=wait)
    callout = Callout.objects.create(
        remote_address=inbound.remote_address,
        content_type=inbound.content_type.replace("\0", "")[:255],
        body=inbound.body,
        truncated=inbound.truncated,
    )
    try:
        verdict = _judge(inbound, callout)
        callout.outcome = verdict.message
    except Exception as error:
        log.exception("judging failed callout=%s", callout.pk)
        verdict = Verdict(
            500, "The portal failed; the callout is kept and staff can see it. Try again later."
        )
        callout.outcome = f"{verdict.message} ({type(error).__name__})"
    callout.status, callout.tenant = verdict.status, verdict.tenant
    if verdict.errors:
        callout.outcome += " " + str(claims.Invalid(verdict.errors))
    callout.save(update_fields=["status", "outcome", "tenant", "signed"])
    return verdict


def _judge(inbound: Inbound, callout: Callout) -> Verdict:
    if switches.REGISTRATIONS.is_off():
        text = "Registrations are switched off for now: try again later."
        return Verdict(503, text, retry_after=SWITCHED_OFF_PAUSE)
    if inbound.truncated:
        return Verdict(413, f"The body is too big: {MOST_BYTES} bytes are the most.")
    try:
        # One transaction: a callout that fails half-way has not used its signature up.
        with transaction.atomic():
            digest = signing.verify(
                inbound.timestamp, inbound.signature, inbound.body, timezone.now()
            )
            if digest:
                signing.spend(digest)
                callout.signed = True
            return register(claims.read(inbound.content_type, inbound.body), signed=bool(digest))
    except signing.BadSignature as error:
        return Verdict(401, str(error))
    except claims.UnknownType as error:
        return Verdict(415, str(error))
    except claims.Malformed as error:
        return Verdict(400, str(error))
    except claims.Invalid as error:
        return Verdict(422, "Some fields cannot be accepted.", errors=error.errors)


@transaction.atomic
def register(claimed: Claims, *, signed: bool) -> Verdict:
    """Make the tenant, or settle what a callout of a known org means. 202 or 409."""
    now = timezone.now()
    tenant, is_new = Tenant.objects.get_or_create(
        org_id=claimed.org_id, defaults={**claimed.completed(), "registered_at": now}
    )
    if is_new:
        return _welcome(tenant, claimed, signed=signed, text="Registered")
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if tenant.offboarded_at:
        return _revive(tenant, claimed, signed=signed)
    changes = claimed.changes(tenant)
    if signed and not tenant.proof:
        return _believe(tenant, changes)
    if not changes:
        return Verdict(202, "This org is registered already: nothing is to be done.", tenant=tenant)
    if signed and changes.keys() == {"package_version"}:
        return _upgrade(tenant, changes)
    return _refuse(tenant, changes, signed=signed)


def _welcome(tenant: Tenant, claimed: Claims, *, signed: bool, text: str) -> Verdict:
    if signed:
        tenant.prove(Proof.SIGNED, tenant.registered_at)
    tenant.save()
    how = "by a signed callout" if signed else "by an unsigned callout"
    _note(tenant, EventKind.REGISTERED, f"{text} {how}.", claimed=dict(claimed.stated))
    message = "Registered. The admin is told by e-mail what to do next."
    return Verdict(202, message, tenant=tenant)


def _revive(tenant: Tenant, claimed: Claims, *, signed: bool) -> Verdict:
    """Start an off-boarded tenant over: what it proved and said before counts no more."""
    for name, value in {**_BLANK, **claimed.completed()}.items():
        setattr(tenant, name, value)
    tenant.registered_at, tenant.offboarded_at = timezone.now(), None
    tenant.proof, tenant.proven_at = Proof.NONE, None
    return _welcome(tenant, claimed, signed=signed, text="Came back: registered again")


def _believe(tenant: Tenant, changes: dict[str, list[str]]) -> Verdict:
    """Let a signed callout replace what an unsigned one, maybe a stranger's, claimed before."""
    for name, (_, value) in changes.items():
        setattr(tenant, name, value)
    tenant.prove(Proof.SIGNED, timezone.now())
    tenant.save()
    named = f" It changed {', '.join(changes)}." if changes else ""
    text = f"Registered again, this time by a signed callout.{named}"
    _note(tenant, EventKind.REGISTERED_AGAIN, text, changes=changes)
    return Verdict(202, "Registered: the signature proves this org's earlier claim.", tenant=tenant)


def _upgrade(tenant: Tenant, changes: dict[str, list[str]]) -> Verdict:
    before, tenant.package_version = changes["package_version"]
    tenant.save(update_fields=["package_version"])
    text = f"The package was upgraded from {before or 'an unknown version'} to "
    _note(tenant, EventKind.REGISTERED_AGAIN, f"{text}{tenant.package_version}.", changes=changes)
    return Verdict(202, "The package's new version is noted.", tenant=tenant)


def _refuse(tenant: Tenant, changes: dict[str, list[str]], *, signed: bool) -> Verdict:
    text = "A signed" if signed else "An unsigned"
    text += f" callout claimed other data of this org and was refused: {', '.join(changes)}."
    known = Event.objects.filter(
        tenant=tenant, kind=EventKind.CONFLICT, data__changes=changes, at__gte=tenant.registered_at
    )
    if not known.exists():  # the same conflict again tells staff nothing new
        timeline.note(
            tenant, EventKind.CONFLICT, text, actor=timeline.PACKAGE, changes=changes, signed=signed
        )
    message = "This org is registered with other data. Staff were told; nothing was changed."
    return Verdict(409, message, tenant=tenant)


def _note(tenant: Tenant, kind: EventKind, text: str, **data: object) -> None:
    timeline.note(tenant, kind, text, actor=timeline.PACKAGE, **data)
    tenant_changed.send(sender=Tenant, tenant=tenant)


# --- proof ---------------------------------------------------------------------------------------
def proof_suffices(tenant: Tenant) -> bool:
    """Whether REGISTRATION_POLICY lets the tenant go on to what costs money."""
    match settings.REGISTRATION_POLICY:
        case "open":
            return True
        case "approval":
            return tenant.proof == Proof.STAFF
    return bool(tenant.proof)


@transaction.atomic
def approve(tenant_id: int, actor: str) -> None:
    """Let a tenant in by the word of staff, whatever it proved before. `actor` names the person."""
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    if tenant.proof == Proof.STAFF:
        return
    tenant.proof, tenant.proven_at = Proof.STAFF, timezone.now()
    tenant.save(update_fields=["proof", "proven_at"])
    timeline.note(tenant, EventKind.APPROVED, f"Approved by {actor}.", actor=actor)
    tenant_changed.send(sender=Tenant, tenant=tenant)
