"""Postgres restarts while a step waits for its peer: what came out of it is settled at once."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import psycopg
import pytest
from django.db import OperationalError
from django.db import connection as database
from django.utils import timezone

from connect import databases
from connect.models import Connection, Stage, WaitingOn
from connect.operations.base import OperationOutcome, Report
from connect.provisioning import reconciler, steps
from connect.runner import run
from connect.runner.lease import Claim
from connect.runner.outcomes import Done, StepOutcome, Wait
from portal import bulk
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tests import cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection() -> Connection:
    return cast.connect(cast.enrol(cast.ACME), Stage.LINKING)


def end_session() -> None:
    """End this process's session, as a restart of Postgres does."""
    assert database.connection is not None
    with psycopg.connect(**database.get_connection_params(), autocommit=True) as other:
        number = database.connection.info.backend_pid
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [number])


def test_a_step_is_settled_and_its_lease_is_free(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(claim: Claim) -> StepOutcome:
        end_session()
        # As the count of calls does, whose error must not fail the call.
        with suppress(OperationalError):
            claim.connection.refresh_from_db()
        return Wait(None, "the subscriber", WaitingOn.SUBSCRIBER)

    monkeypatch.setitem(steps.STEPS, Stage.LINKING, step)
    reconciler.advance(connection.pk)
    connection.refresh_from_db()
    assert connection.lease is None
    assert connection.last_error.startswith("The portal's database failed for a moment")
    assert connection.next_attempt_at is not None
    assert connection.next_attempt_at < timezone.now() + timedelta(seconds=5)


@pytest.mark.parametrize("seconds", [run.RUN_SECONDS, -1.0])
def test_a_session_that_is_lost_between_two_stages_keeps_no_lease(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    def broken(name: str) -> Callable[..., object]:
        method = getattr(Claim, name)

        def call(*given: object) -> object:
            end_session()
            return method(*given)

        return call

    monkeypatch.setattr(run, "RUN_SECONDS", seconds)  # over at once: the run ends by itself
    for name in ("again", "end"):
        monkeypatch.setattr(Claim, name, broken(name))
    wait = Wait(timezone.now(), "Heroku", WaitingOn.HEROKU)
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, lambda _: Done("Linked."))
    monkeypatch.setitem(steps.STEPS, Stage.CONFIGURING_DATABASE, lambda _: wait)
    reconciler.advance(connection.pk)
    connection.refresh_from_db()
    assert (connection.lease, connection.attempts) == (None, 0)
    assert connection.stage == Stage.CONFIGURING_DATABASE
    assert connection.waiting_for == ("Heroku" if seconds > 0 else "")


def test_a_press_is_done_by_the_same_task_or_the_next(connection: Connection) -> None:
    bulk_run = BulkRun(action="refresh", label="Refresh", actor="olga", total=1)
    bulk.start(bulk_run, [BulkItem(run=bulk_run, tenant=connection.tenant, connection=connection)])

    def perform(run: BulkRun, item: BulkItem) -> Report:
        end_session()
        item.refresh_from_db()
        return Report(OperationOutcome.DONE, "")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bulk, "_perform", perform)
        bulk.work_off(bulk_run.pk)
    bulk_run.refresh_from_db()
    assert bulk_run.lease is None
    assert bulk_run.items.get().status == BulkItemStatus.WAITING
    assert "database failed for a moment" in bulk_run.items.get().text


def test_a_database_that_starts_again_is_waited_for_a_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(databases, "AGAIN_SECONDS", 0.01)
    answers = [OperationalError("the database system is starting up")] * 3

    def connect() -> None:
        if answers:
            raise answers.pop()

    monkeypatch.setattr(database, "ensure_connection", connect)
    databases.reconnect()
    assert answers == []
    monkeypatch.setattr(databases, "BACK_SECONDS", 0.05)
    answers.extend([OperationalError("gone")] * 1000)
    with pytest.raises(OperationalError, match="gone"):
        databases.reconnect()
