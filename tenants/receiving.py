"""Receiving a registration callout: it is checked, answered, and stored with its answer.

Nothing here waits for an outside system: the apps above receive `tenant_changed` and queue work.
"""

import logging
from dataclasses import dataclass

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from tenants import callout_data, callout_signature, limits, registration, switches
from tenants.callout_data import CalloutData
from tenants.models import Callout, digest_of
from tenants.registration import CalloutAnswer

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024
MAX_COLLISIONS = 5  # of callouts that come at once with the same org or signature
SWITCHED_OFF_RETRY_AFTER = 3600  # seconds
MOMENT_RETRY_AFTER = 30  # seconds
# What is kept of an unsigned body: enough to see what it was. Anybody can send them, and the
# values of one that registers an org are on its timeline.
KEPT_OF_UNSIGNED = 1024  # bytes
# One text for all unsigned callouts: a stranger must not learn who is registered with what.
UNSIGNED = CalloutAnswer(
    202,
    "Received. If this org is not registered yet, its admin receives an e-mail with the next step.",
)
_OFF = CalloutAnswer(
    503,
    "Registrations are switched off for now: try again later.",
    retry_after=SWITCHED_OFF_RETRY_AFTER,
)
_MOMENT = "The portal's database failed for a moment. Nothing was changed: try again."
_TOO_LARGE = CalloutAnswer(413, f"The body is too large: the maximum is {MAX_BODY_BYTES} bytes.")
_USED = CalloutAnswer(401, "This signature was already used: create a new one for each attempt.")

# As text, because the ORM would need longer to build it than Postgres to answer it.
_ASK = """
SELECT EXISTS (SELECT FROM tenants_switch WHERE name = %(switch)s AND NOT "on"),
    EXISTS (SELECT FROM tenants_usedsignature WHERE digest = %(digest)s),
    EXISTS (SELECT FROM tenants_orgrule WHERE org_id = %(org_id)s AND verdict = 'blocked'),
    NOT EXISTS (SELECT FROM tenants_tenant WHERE org_id = %(org_id)s)
        AND NOT EXISTS (SELECT FROM tenants_erasure WHERE org_digest = %(org_digest)s)
"""


@dataclass(frozen=True)
class ReceivedCallout:
    """A callout as received. `body` holds at most MAX_BODY_BYTES of it."""

    body: bytes
    content_type: str = callout_data.JSON
    timestamp: str = ""
    signature: str = ""
    remote_address: str | None = None
    request_id: str = ""
    truncated: bool = False


@dataclass(frozen=True)
class _Read:
    """What a callout says by itself: its data, or why it is refused."""

    digest: str | None  # of a valid signature
    found: CalloutData | CalloutAnswer

    @property
    def org_id(self) -> str:
        return self.found.org_id if isinstance(self.found, CalloutData) else ""


@dataclass(frozen=True)
class _Known:
    """What the portal knows before it judges a callout, in the order in which it is asked."""

    is_off: bool  # the kill switch
    is_used: bool  # the signature
    is_blocked: bool  # the org
    is_first: bool  # the org was never a tenant, also none that was erased


def receive(received: ReceivedCallout) -> CalloutAnswer:
    """Check a callout, store it with its answer, and return the answer.

    Never raises for any input.
    """
    read = _read(received)
    # A signature is looked up first: a replayed one must not empty the buckets of genuine callouts.
    known = _look_up(read) if read.digest else None
    signed = known is not None and not known.is_used
    buckets = limits.of_callout(received.remote_address, received.body, signed=signed)
    wait = limits.seconds_to_wait(buckets)
    if wait:  # not stored: otherwise a flood of callouts would still write rows
        return CalloutAnswer(429, f"Too many callouts: try again in {wait} s.", retry_after=wait)
    answer = _act_alone(received, read, known or _look_up(read))
    return _public(answer, signed=signed)


# --- what it says, and what is known -------------------------------------------------------------


def _read(received: ReceivedCallout) -> _Read:
    """Check the signature and the fields. Asks no database."""
    try:
        digest = callout_signature.verify(
            received.timestamp, received.signature, received.body, timezone.now()
        )
    except callout_signature.InvalidSignature as error:
        unsigned = CalloutAnswer(401, str(error))
        return _Read(None, _TOO_LARGE if received.truncated else unsigned)
    return _Read(digest, _TOO_LARGE if received.truncated else _parse(received))


def _parse(received: ReceivedCallout) -> CalloutData | CalloutAnswer:
    try:
        return callout_data.parse(received.content_type, received.body)
    except callout_data.UnknownType as error:
        return CalloutAnswer(415, str(error))
    except callout_data.Malformed as error:
        return CalloutAnswer(400, str(error))
    except callout_data.Invalid as error:
        return CalloutAnswer(422, "Some fields cannot be accepted.", errors=error.errors)


def _look_up(read: _Read) -> _Known:
    """Ask all that is known in one query."""
    facts = {
        "switch": switches.REGISTRATIONS.name,
        "digest": read.digest or "",
        "org_id": read.org_id,
        "org_digest": digest_of(read.org_id),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ASK, facts)
        return _Known(*cursor.fetchone())


# --- what is done --------------------------------------------------------------------------------


def _act_alone(received: ReceivedCallout, read: _Read, known: _Known) -> CalloutAnswer:
    """Do what a callout asks for, also where the same org or signature comes many times at once."""
    for _ in range(MAX_COLLISIONS):
        try:
            return _act(received, read, known)
        except IntegrityError as error:
            collision = error
            known = _look_up(read)  # what the other one stored is known now
    return _fail(received, read, known, collision)


def _act(received: ReceivedCallout, read: _Read, known: _Known) -> CalloutAnswer:
    """Do what a callout asks for, and store it. Raises IntegrityError: see `_act_alone`."""
    try:
        # One transaction for all that a callout does: none of it without the stored callout, and
        # a signature stays unused if it fails.
        with transaction.atomic():
            answer = _judge(read, known)
            _store(received, read, known, answer)
    except IntegrityError:
        raise
    except Exception as error:
        return _fail(received, read, known, error)
    except BaseException:  # the process has to end
        _store(received, read, known, None)
        raise
    return answer


def _fail(received: ReceivedCallout, read: _Read, known: _Known, error: Exception) -> CalloutAnswer:
    """After any error the package gets an answer, and staff see the stored callout."""
    answer = _after(error)
    _store(received, read, known, answer)
    return answer


def _after(error: Exception) -> CalloutAnswer:
    if isinstance(error, OperationalError | InterfaceError):  # e.g. a lock: it passes, and no bug
        log.warning("the database failed for a moment error=%s", error)
        outcome = f"{_MOMENT} ({type(error).__name__})"
        return CalloutAnswer(503, _MOMENT, retry_after=MOMENT_RETRY_AFTER, outcome=outcome)
    log.error("judging failed", exc_info=error)
    text = "The portal failed. The callout is stored for staff. Try again later."
    return CalloutAnswer(500, text, outcome=f"{text} ({type(error).__name__})")


def _judge(read: _Read, known: _Known) -> CalloutAnswer:
    if known.is_off:
        return _OFF
    if isinstance(read.found, CalloutAnswer):
        return read.found
    if known.is_used:
        return _USED
    if not read.digest and registration.is_full():
        # Also of an org that is known: the difference would tell a stranger which orgs are.
        return registration.refuse_full()
    if read.digest:
        callout_signature.mark_used(read.digest)
    signed = bool(read.digest)
    if known.is_blocked:
        return registration.hold_blocked(read.found, signed=signed)
    return registration.register(read.found, signed=signed, is_first=known.is_first)


def _store(
    received: ReceivedCallout, read: _Read, known: _Known, answer: CalloutAnswer | None
) -> None:
    """Store a callout with its answer; None if it was not answered."""
    callout = Callout(
        request_id=received.request_id,
        remote_address=received.remote_address,
        # Postgres refuses NUL in a text, and the callout has to be stored.
        content_type=received.content_type.replace("\0", "")[:255],
        signed=bool(read.digest) and not known.is_used and not known.is_off,
    )
    kept = MAX_BODY_BYTES if callout.signed else KEPT_OF_UNSIGNED
    if answer:
        callout.status, callout.tenant = answer.status, answer.tenant
        callout.outcome = answer.outcome or answer.message
        if answer.errors:
            callout.outcome += " " + str(callout_data.Invalid(answer.errors))
        if answer.status == 500:
            kept = MAX_BODY_BYTES
    callout.body = received.body[:kept]
    callout.truncated = received.truncated or len(received.body) > kept
    callout.save(force_insert=True)


def _public(answer: CalloutAnswer, *, signed: bool) -> CalloutAnswer:
    """Return what the caller may know of an answer."""
    is_about_org = answer.tenant is not None or answer.status in (202, 409)
    return UNSIGNED if is_about_org and not signed else answer
