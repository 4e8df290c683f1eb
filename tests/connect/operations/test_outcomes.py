"""Every operation: what did nothing is skipped or failed with the reason, and never done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

import emulator as emulated
from connect.models import Connection, Diagnosis, SchemaFate, Stage
from connect.operations import base, following, mapping, writes
from connect.operations import connection as operations
from connect.operations.base import Operation, OperationOutcome
from tenants.models import Event
from tests import cast
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet, Member

pytestmark = pytest.mark.django_db
SKIPPED, FAILED = OperationOutcome.SKIPPED, OperationOutcome.FAILED
REGISTRIES = {
    "connection": operations.REGISTRY,
    "mapping": mapping.REGISTRY,
    "writes": writes.REGISTRY,
    "drift": {following.CORRECT.name: following.CORRECT},
}
Arrange = Callable[[Fleet, Member], object]
KEEP = {"schema_fate": SchemaFate.KEEP.value}
PAST = {"until": (timezone.now() - timedelta(days=1)).isoformat()}
ACCOUNT = {"object_name": "Account"}
NO_CAUSE = {"table": "account", "cause": "A cause that is over", "chosen": None}


def _nothing(fleet: Fleet, member: Member) -> None:
    pass


def has(**facts: Any) -> Arrange:
    """Let the connection be as these facts say."""
    return lambda fleet, member: Connection.objects.update(**facts)


def peer_refuses(method: str, path: str) -> Arrange:
    """Let Heroku Connect refuse the next call of this kind."""

    def arrange(fleet: Fleet, member: Member) -> None:
        facts = {"method": method, "path": path, "status": 409, "times": 1}
        fleet.running.fail("region", body={"message": "Not now, please."}, **facts)

    return arrange


def _diagnosing(fleet: Fleet, member: Member) -> None:
    Diagnosis.objects.create(connection=member.connection, run_id="run", actor="mia")


def _not_listed(fleet: Fleet, member: Member) -> None:
    facts = {"addon_name": "hc-that-heroku-does-not-know", "state": "HEROKU_UNAUTH"}
    Connection.objects.update(**facts)


def _not_mapped(fleet: Fleet, member: Member) -> None:
    member.connection.mappings.all().delete()


def _edit(revision: int, *fields: str) -> dict[str, Any]:
    config: dict[str, Any] = {"fields": {name: {} for name in (*fleets.SYSTEM, *fields)}}
    return {**ACCOUNT, "revision": revision, "config": config}


def _no_trigger_log(fleet: Fleet, member: Member) -> None:
    Connection.objects.update(schema_name="sf_00d000000000000aaa_9")


@dataclass(frozen=True)
class Case:
    """An operation in a state in which it can do nothing, and what has to be said of it."""

    registry: str
    name: str
    outcome: OperationOutcome
    reason: str
    arrange: Arrange = _nothing
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def operation(self) -> Operation:
        return REGISTRIES[self.registry][self.name]


CASES = [
    Case("connection", "retry", SKIPPED, "there is nothing left to do"),
    Case("connection", "pause", SKIPPED, "it is already paused", has(state="PAUSED")),
    Case("connection", "pause", FAILED, "Not now", peer_refuses("POST", "/actions/pause$")),
    Case("connection", "pause_until", SKIPPED, "has passed", options=PAST),
    Case("connection", "resume", SKIPPED, "it is not paused"),
    Case("connection", "restart", SKIPPED, "does not know it yet", has(connection_id="")),
    Case("connection", "restart", FAILED, "Not now", peer_refuses("POST", "/actions/restart$")),
    Case("connection", "refresh", SKIPPED, "does not know it yet", has(connection_id="")),
    Case("connection", "refresh", FAILED, "Not now", peer_refuses("GET", "/connections/")),
    Case("connection", "compare", SKIPPED, "it is not live", has(stage=Stage.LOADING)),
    Case("connection", "compare", FAILED, "Not now", peer_refuses("GET", "/actions/export$")),
    Case("connection", "snooze", SKIPPED, "has passed", options=PAST),
    Case("connection", "unsnooze", SKIPPED, "it is not snoozed"),
    Case("connection", "diagnose", SKIPPED, "one is running already", _diagnosing),
    Case("connection", "diagnose", FAILED, "Not now", peer_refuses("POST", "/validations")),
    Case("connection", "acknowledge", SKIPPED, "no notification waits"),
    Case("connection", "overwrite", SKIPPED, "Heroku does not ask for it"),
    Case("connection", "link", FAILED, "does not list the add-on", _not_listed),
    Case("connection", "reauthorize", SKIPPED, "it is authorized"),
    Case("connection", "import_mappings", SKIPPED, "resume it", has(paused_until=timezone.now())),
    Case("connection", "offboard", SKIPPED, "already", has(stage=Stage.OFFBOARDING), KEEP),
    Case("connection", "start_over", SKIPPED, "already", has(stage=Stage.OFFBOARDING), KEEP),
    Case("connection", "undo_offboarding", SKIPPED, "it is not in the grace period"),
    Case("connection", "end_grace", SKIPPED, "it is not in the grace period"),
    Case("mapping", "reload", SKIPPED, "Account is no longer mapped", _not_mapped, ACCOUNT),
    Case("mapping", "reload", FAILED, "Not now", peer_refuses("POST", "/reload"), ACCOUNT),
    Case("mapping", "diagnose", SKIPPED, "Account is no longer mapped", _not_mapped, ACCOUNT),
    Case("mapping", "edit", SKIPPED, "Account is no longer mapped", _not_mapped, _edit(1)),
    Case("mapping", "edit", FAILED, "Nothing was sent", options=_edit(1, "Nonsense__c")),
    Case("mapping", "edit", FAILED, "Nothing was saved", options=_edit(99, "Website")),
    Case("mapping", "delete", SKIPPED, "Account is no longer mapped", _not_mapped, ACCOUNT),
    Case("drift", "correct", SKIPPED, "nothing in its org asks for other mappings"),
    Case("writes", "retry", SKIPPED, "no such write", options=NO_CAUSE),
    Case("writes", "retry", FAILED, "database refused it", _no_trigger_log, NO_CAUSE),
    Case("writes", "ignore", SKIPPED, "no such write", options=NO_CAUSE),
    Case("writes", "ignore", FAILED, "database refused it", _no_trigger_log, NO_CAUSE),
]


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{each.registry}-{each.name}-{each.reason[:24]}" for each in CASES]
)
def test_an_operation_that_did_nothing_is_never_done(
    emulator: emulated.Running, case: Case
) -> None:
    fleet = Fleet(emulator, fleets.version(fleets.FIRST))
    member = fleet.add(cast.ACME)
    case.arrange(fleet, member)
    report = base.perform(case.operation, member.connection.pk, "olga", case.options)
    assert report.outcome == case.outcome, report.text
    assert case.reason in report.reason
    assert report.reason in report.text
    # The timeline says the same, and of the same person.
    event = Event.objects.latest("pk")
    assert (event.text, event.actor) == (report.text, "olga")
    assert event.data["outcome"] == case.outcome


def test_no_operation_is_left_out() -> None:
    every = {(kind, name) for kind, found in REGISTRIES.items() for name in found}
    assert {(each.registry, each.name) for each in CASES} == every
