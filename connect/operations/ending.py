"""Operations that end a connection: off-board, and start over with the next generation."""

from django.db import transaction

from connect.clients import budget
from connect.models import Connection, SchemaFate, Stage
from connect.operations.base import Done, Operation, Options, by_name
from connect.provisioning import reconciler, stages
from connect.runner.lease import Claim
from tenants.queue import enqueue


def _refusal(connection: Connection) -> str:
    if connection.stage in (Stage.OFFBOARDING, Stage.OFFBOARDED):
        return f"it is already {connection.get_stage_display().lower()}"
    return ""


def _offboard(claim: Claim, actor: str, options: Options) -> Done:
    return _end(claim, actor, SchemaFate(options["schema_fate"]), start_over=False)


def _start_over(claim: Claim, actor: str, options: Options) -> Done:
    return _end(claim, actor, SchemaFate(options["schema_fate"]), start_over=True)


def _end(claim: Claim, actor: str, fate: SchemaFate, *, start_over: bool) -> Done:
    facts = {"schema_fate": fate, "start_over": start_over}
    then = "a new connection follows" if start_over else "the tenant is off-boarded"
    # The task commits with the stage; if the task is lost, the sweep finds the due connection.
    with transaction.atomic():
        stages.move_to(
            claim, Stage.OFFBOARDING, f"Ending this connection; then {then}.", facts, actor=actor
        )
        enqueue(reconciler.advance, claim.connection.pk)
    return Done(f"started. {fate.label}; then {then}.", is_started=True)


OPERATIONS = by_name(
    Operation("offboard", "Off-board", _refusal, _offboard, calls=tuple(budget.APIS)),
    Operation("start_over", "Start over", _refusal, _start_over, calls=tuple(budget.APIS)),
)
