"""Receiving a registration callout: it is stored, checked and answered.

Nothing here waits for an outside system: the apps above receive `tenant_changed` and queue work.
"""

import logging
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from tenants import callout_data, callout_signature, limits, switches
from tenants.models import Callout
from tenants.registration import CalloutAnswer, register

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024
SWITCHED_OFF_RETRY_AFTER = 3600  # seconds
# What is kept of an unsigned body: enough to see what it was. Anybody can send them, and the
# values of one that registers an org are on its timeline.
KEPT_OF_UNSIGNED = 1024  # bytes
# One text for all unsigned callouts: a stranger must not learn who is registered with what.
UNSIGNED = CalloutAnswer(
    202,
    "Received. If this org is not registered yet, its admin receives an e-mail with the next step.",
)


@dataclass(frozen=True)
class ReceivedCallout:
    """A callout as received. `body` holds at most MAX_BODY_BYTES of it."""

    body: bytes
    content_type: str = callout_data.JSON
    timestamp: str = ""
    signature: str = ""
    remote_address: str | None = None
    truncated: bool = False


def receive(received: ReceivedCallout) -> CalloutAnswer:
    """Store a callout, check it, and return the answer. Never raises for any input."""
    signed = _has_unused_signature(received)
    buckets = limits.of_callout(received.remote_address, received.body, signed=signed)
    wait = limits.seconds_to_wait(buckets)
    if wait:  # not stored: otherwise a flood of callouts would still write rows
        return CalloutAnswer(429, f"Too many callouts: try again in {wait} s.", retry_after=wait)
    callout = Callout.objects.create(
        remote_address=received.remote_address,
        # Postgres refuses NUL in a text, and the callout has to be stored.
        content_type=received.content_type.replace("\0", "")[:255],
        body=received.body[:KEPT_OF_UNSIGNED],
        truncated=received.truncated or len(received.body) > KEPT_OF_UNSIGNED,
    )
    try:
        answer = _check(received, callout)
    # After any error the package gets an answer, and staff see the stored callout.
    except Exception as error:
        log.exception("judging failed callout=%s", callout.pk)
        text = "The portal failed. The callout is stored for staff. Try again later."
        answer = CalloutAnswer(500, text, outcome=f"{text} ({type(error).__name__})")
    _store(callout, received, answer)
    return _public(answer, signed=callout.signed)


def _has_unused_signature(received: ReceivedCallout) -> bool:
    """Whether a callout is signed. Its buckets depend on this, so it is asked first.

    A replayed signature does not count: it would empty the buckets of the genuine callouts.
    """
    try:
        digest = callout_signature.verify(
            received.timestamp, received.signature, received.body, timezone.now()
        )
    except callout_signature.InvalidSignature:
        return False
    return digest is not None and not callout_signature.is_used(digest)


def _store(callout: Callout, received: ReceivedCallout, answer: CalloutAnswer) -> None:
    callout.status, callout.tenant = answer.status, answer.tenant
    callout.outcome = answer.outcome or answer.message
    if answer.errors:
        callout.outcome += " " + str(callout_data.Invalid(answer.errors))
    if callout.signed or answer.status == 500:
        callout.body, callout.truncated = received.body, received.truncated
    fields = ["status", "outcome", "tenant", "signed", "body", "truncated"]
    callout.save(update_fields=fields)


def _public(answer: CalloutAnswer, *, signed: bool) -> CalloutAnswer:
    """Return what the caller may know of an answer."""
    is_about_org = answer.tenant is not None or answer.status in (202, 409)
    return UNSIGNED if is_about_org and not signed else answer


def _check(received: ReceivedCallout, callout: Callout) -> CalloutAnswer:
    if switches.REGISTRATIONS.is_off():
        text = "Registrations are switched off for now: try again later."
        return CalloutAnswer(503, text, retry_after=SWITCHED_OFF_RETRY_AFTER)
    if received.truncated:
        return CalloutAnswer(413, f"The body is too large: the maximum is {MAX_BODY_BYTES} bytes.")
    try:
        # One transaction: if the callout fails, its signature stays unused.
        with transaction.atomic():
            digest = callout_signature.verify(
                received.timestamp, received.signature, received.body, timezone.now()
            )
            if digest:
                callout_signature.mark_used(digest)
                callout.signed = True
            return register(
                callout_data.parse(received.content_type, received.body), signed=bool(digest)
            )
    except callout_signature.InvalidSignature as error:
        return CalloutAnswer(401, str(error))
    except callout_data.UnknownType as error:
        return CalloutAnswer(415, str(error))
    except callout_data.Malformed as error:
        return CalloutAnswer(400, str(error))
    except callout_data.Invalid as error:
        return CalloutAnswer(422, "Some fields cannot be accepted.", errors=error.errors)
