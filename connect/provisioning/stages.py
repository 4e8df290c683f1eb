"""The order of provisioning as data, and the move of a connection to another stage."""

from django.utils import timezone

from connect import connections
from connect.models import Stage, WaitingOn
from connect.runner import patience
from connect.runner.lease import Claim
from connect.runner.outcomes import Facts
from tenants import messages, timeline
from tenants.models import EventKind, MessageKind

NEXT: dict[Stage, Stage] = {
    Stage.WAITING_FOR_PROOF: Stage.CREATING_ADDON,
    Stage.CREATING_ADDON: Stage.LINKING,
    Stage.LINKING: Stage.CONFIGURING_DATABASE,
    Stage.CONFIGURING_DATABASE: Stage.WAITING_FOR_CONSENT,
    Stage.WAITING_FOR_CONSENT: Stage.PUBLISHING_LINK,
    Stage.PUBLISHING_LINK: Stage.WAITING_FOR_AUTHORIZATION,
    Stage.WAITING_FOR_AUTHORIZATION: Stage.IMPORTING_MAPPINGS,
    Stage.IMPORTING_MAPPINGS: Stage.LOADING,
    Stage.LOADING: Stage.LIVE,
    Stage.RESUMING: Stage.LIVE,
    Stage.GRACE: Stage.OFFBOARDING,
    Stage.OFFBOARDING: Stage.OFFBOARDED,
}

# Where an off-boarding can be undone: before an add-on is ordered there is nothing to lose.
_HAS_ADDON = list(Stage)[list(Stage).index(Stage.CREATING_ADDON) : list(Stage).index(Stage.GRACE)]
# Other legal changes: a lost grant needs consent again; staff import again; an undo goes back.
_OTHER_TRANSITIONS: dict[Stage, set[Stage]] = {
    Stage.PUBLISHING_LINK: {Stage.WAITING_FOR_CONSENT},
    Stage.IMPORTING_MAPPINGS: {Stage.IMPORTING_MAPPINGS},
    Stage.LOADING: {Stage.IMPORTING_MAPPINGS},
    Stage.LIVE: {Stage.IMPORTING_MAPPINGS},
    Stage.RESUMING: {each for each in _HAS_ADDON if each != Stage.RESUMING},
    Stage.GRACE: {Stage.RESUMING},
}

# What a connection forgets with every success.
NO_ERROR: Facts = {
    "attempts": 0,
    "last_error": "",
    "last_error_at": None,
    "last_request_id": "",
    "blocked_at": None,
    "blocked_reason": "",
}
# What it forgets when the trouble is solved, which a retry alone does not prove.
NO_TROUBLE: Facts = {"blocked_kind": "", "trouble_since": None, "trouble_stage": ""}
# The pause of staff, which ends with the stage.
NOT_PAUSED: Facts = {"paused_until": None, "pause_note": ""}
# An off-boarding that can be undone, or is.
UNDOABLE = (Stage.GRACE, Stage.RESUMING)
_ORDER = list(Stage)


class IllegalTransition(Exception):
    """This change of stage is not allowed."""


def check_transition(now: Stage, then: Stage) -> None:
    """Raise IllegalTransition unless a connection may go from `now` to `then`."""
    if then == NEXT.get(now) or then in _OTHER_TRANSITIONS.get(now, set()):
        return
    # Staff may end a connection at any stage, also half-way through provisioning.
    if then == Stage.OFFBOARDING and now not in (Stage.OFFBOARDING, Stage.OFFBOARDED):
        return
    if then == Stage.GRACE and now in _HAS_ADDON:
        return
    raise IllegalTransition(f"from {now.label!r} to {then.label!r}")


def _solves(trouble_stage: str, then: Stage) -> bool:
    """Return whether the trouble is over: the connection gets past the stage that was blocked."""
    if trouble_stage == Stage.RESUMING:  # an undo goes back in the order
        return True
    return bool(trouble_stage) and _ORDER.index(then) > _ORDER.index(Stage(trouble_stage))


def _forgotten(before: Stage, then: Stage) -> Facts:
    """Return what ends with a move, unless an undo still needs it."""
    if then in UNDOABLE:
        return {}
    if (before, then) == (Stage.RESUMING, Stage.LIVE):
        return {"stage_before": ""}
    return {**NOT_PAUSED, "stage_before": ""}


def move_to(
    claim: Claim,
    stage: Stage,
    text: str,
    facts: Facts | None = None,
    *,
    kind: EventKind = EventKind.STAGE,
    actor: str = timeline.PORTAL,
    goes_on: bool = False,
) -> None:
    """Move a connection to a stage and write the event; call in a transaction.

    The lease is released, or with `goes_on` held for the step of that stage. Raises
    IllegalTransition, and LostLease if the lease ran out.
    """
    now, before = timezone.now(), Stage(claim.connection.stage)
    check_transition(before, stage)
    solved = NO_TROUBLE if _solves(claim.connection.trouble_stage, stage) else {}
    entered: Facts = {
        "stage": stage,
        "stage_since": now,
        "next_attempt_at": now if stage in NEXT else None,
        "waiting_on": WaitingOn.PORTAL,
        "waiting_for": "",
        "reminders_sent": 0,
        "offboarded_at": now if stage == Stage.OFFBOARDED else None,
    }
    forgotten = {**NO_ERROR, **solved, **patience.FRESH, **_forgotten(before, stage)}
    # One statement with the lease, so no other worker sees the new stage half done.
    settle = claim.go_on if goes_on else claim.release
    settle(**{**forgotten, **entered, **(facts or {})})
    timeline.note(claim.tenant, kind, text, actor=actor, stage=stage)
    if stage == Stage.LIVE and before != Stage.RESUMING:
        # In the transaction of the move, so the mail is stored exactly when the move is.
        messages.queue(claim.tenant, MessageKind.LIVE, key=f"live:{claim.connection.pk}")
    if stage == Stage.OFFBOARDED:
        connections.finish(claim.connection)
