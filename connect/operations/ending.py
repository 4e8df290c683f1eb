"""Operations that end a connection: off-board, undo that or hurry it, and start over."""

from django.db import transaction
from django.utils import timezone

from connect.clients import budget
from connect.formats import format_time, in_sentence
from connect.models import Connection, SchemaFate, Stage
from connect.operations.base import Done, Operation, Options, by_name
from connect.provisioning import reconciler, stages
from connect.provisioning.steps import grace
from connect.runner.lease import Claim
from connect.runner.outcomes import Facts

_GRACE = "its off-boarding has begun: undo it, or off-board it now"


def _refusal(connection: Connection) -> str:
    if connection.stage == Stage.GRACE:
        return _GRACE
    if connection.stage in (Stage.OFFBOARDING, Stage.OFFBOARDED):
        return f"it is already {in_sentence(connection.get_stage_display())}"
    return ""


def _refusal_in_grace(connection: Connection) -> str:
    return "" if connection.stage == Stage.GRACE else "it is not in the grace period"


def _offboard(claim: Claim, actor: str, options: Options) -> Done:
    fate = SchemaFate(options["schema_fate"])
    until = grace.ends_at(claim.connection, timezone.now())
    if until is None:
        return _end(claim, actor, fate, start_over=False)
    now = Stage(claim.connection.stage)
    # Off-boarded again during the undo: the way back is still the first one.
    before = claim.connection.stage_before if now == Stage.RESUMING else now
    facts = {"ends_at": until, "stage_before": before, "schema_fate": fate}
    text = f"Off-boarding begins: paused until {format_time(until)}, then ended."
    _move(claim, Stage.GRACE, text, facts, actor)
    text = f"it ends at {format_time(until)}, and can be undone until then. {fate.label}."
    return Done(text, is_started=True)


def _undo(claim: Claim, actor: str, options: Options) -> Done:
    before = Stage(claim.connection.stage_before)
    facts = {"ends_at": None, "schema_fate": ""}
    _move(claim, Stage.RESUMING, "The off-boarding is being undone.", facts, actor)
    text = f"the portal resumes it; then it is as before: {in_sentence(str(before.label))}."
    return Done(text, is_started=True)


def _end_now(claim: Claim, actor: str, options: Options) -> Done:
    fate = SchemaFate(claim.connection.schema_fate)
    return _end(claim, actor, fate, start_over=False)


def _start_over(claim: Claim, actor: str, options: Options) -> Done:
    return _end(claim, actor, SchemaFate(options["schema_fate"]), start_over=True)


def _end(claim: Claim, actor: str, fate: SchemaFate, *, start_over: bool) -> Done:
    facts = {"schema_fate": fate, "start_over": start_over}
    then = "a new connection follows" if start_over else "the tenant is off-boarded"
    _move(claim, Stage.OFFBOARDING, f"Ending this connection; then {then}.", facts, actor)
    return Done(f"started. {fate.label}; then {then}.", is_started=True)


@transaction.atomic
def _move(claim: Claim, stage: Stage, text: str, facts: Facts, actor: str) -> None:
    # The task commits with the stage; if the task is lost, the sweep finds the due connection.
    stages.move_to(claim, stage, text, facts, actor=actor)
    reconciler.hurry(claim.connection.pk)


OPERATIONS = by_name(
    Operation("offboard", "Off-board", _refusal, _offboard, calls=tuple(budget.APIS)),
    Operation("undo_offboarding", "Undo off-boarding", _refusal_in_grace, _undo),
    Operation("end_grace", "Off-board now", _refusal_in_grace, _end_now, calls=tuple(budget.APIS)),
    Operation("start_over", "Start over", _refusal, _start_over, calls=tuple(budget.APIS)),
)
