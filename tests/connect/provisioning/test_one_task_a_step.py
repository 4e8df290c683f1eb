"""No task is queued twice: over a whole provisioning, each task finds work and leaves none."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
import time_machine
from django.db import connection as db
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import emulator as emulated
from connect import switches
from connect.mappings import templates
from connect.models import Connection, SchemaFate, Stage, WaitingOn
from connect.operations import connection as operations
from connect.provisioning import reconciler, steps
from connect.runner import lease, run
from connect.runner.lease import Claim
from connect.runner.outcomes import Done, Wait
from tenants import leases, sweeps
from tenants.models import Message, MessageStatus, Switch, Tenant
from tenants.sweeps import name_of
from tests import cast, queue
from tests.connect.journey import Journey
from tests.subscriber import Admin, new_org
from tests.tenants.callouts import callout, post_signed

pytestmark = pytest.mark.django_db
ADVANCE = name_of(reconciler.advance)
MANY = 60


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


def queued() -> int:
    """Sweep as the worker's pulse does; return how many tasks of the connection are queued."""
    sweeps.run()
    return sum(function == ADVANCE for function, _ in queue.queued_calls())


def work_off(clock: time_machine.Traveller) -> int:
    """Run the connection's tasks until it waits for a person; return how many they were."""
    for count in range(MANY):
        seen = Connection.objects.get()
        if seen.next_attempt_at and seen.waiting_on == WaitingOn.HEROKU:
            clock.move_to(max(seen.next_attempt_at, timezone.now()), tick=True)
        if not queued():
            return count
        assert queued() == 1
        due = Connection.objects.filter(next_attempt_at__lte=timezone.now(), lease=None)
        assert due.exists(), "the task finds nothing to do"
        queue.drain()
    raise AssertionError("it never waits for a person")


def test_a_whole_provisioning_has_one_task_for_each_event_and_each_look(
    emulator: emulated.Running, clock: time_machine.Traveller
) -> None:
    templates.ensure_first()
    admin = Admin(emulator, new_org(emulator, cast.ACME, records={"Account": [{"Name": "N"}]}))
    assert post_signed(callout(cast.ACME)).status_code == 202
    tasks = [work_off(clock)]
    assert Connection.objects.get().stage == Stage.WAITING_FOR_CONSENT
    admin.sign_in(Tenant.objects.get())
    tasks.append(work_off(clock))
    assert Connection.objects.get().stage == Stage.WAITING_FOR_AUTHORIZATION
    admin.authorize(Tenant.objects.get())
    tasks.append(work_off(clock))
    assert Connection.objects.get().stage == Stage.LIVE
    # The callout, the sign-in, the authorization and a look at the load.
    assert tasks == [1, 1, 2]


def test_a_tenant_costs_62_statements_from_the_callout_to_its_first_mail(
    emulator: emulated.Running,
) -> None:
    new_org(emulator, cast.ACME)
    assert post_signed(callout(cast.ACME)).status_code == 202
    with CaptureQueriesContext(db) as asked:
        queue.drain()
    assert Message.objects.get().status == MessageStatus.SENT
    assert len(asked) <= 62, [each["sql"] for each in asked]


@pytest.mark.parametrize("name", ["import_mappings", "offboard"])
def test_what_staff_press_is_queued_once(journey: Journey, name: str) -> None:
    journey.reach(Stage.LIVE)
    queue.drain()
    operations.operate(name, journey.connection.pk, "olga", {"schema_fate": SchemaFate.KEEP})
    assert queued() == 1


def test_a_run_whose_time_is_over_queues_the_rest_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def done(claim: Claim) -> Done:
        return Done("Linked.")

    connection = cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, done)
    monkeypatch.setattr(run, "RUN_SECONDS", -1.0)
    reconciler.advance(connection.pk)
    connection.refresh_from_db()
    assert (connection.lease, connection.attempts) == (None, 0)
    mark = connection.queued_at
    assert mark
    assert queue.queued_calls() == [(ADVANCE, (connection.pk, mark.isoformat()))]
    assert queued() == 1


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Connection:
    """Linking is done at once; what follows waits for Heroku, and is due again at once."""
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, lambda claim: Done("Linked."))
    waits = Wait(timezone.now(), "Heroku", WaitingOn.HEROKU)
    monkeypatch.setitem(steps.STEPS, Stage.CONFIGURING_DATABASE, lambda claim: waits)
    return cast.connect(cast.enrol(cast.ACME), Stage.LINKING)


def between_two_stages(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Act when a run has moved the connection and has not begun its next step."""
    again = Claim.again

    def acted(claim: Claim, only: Q) -> Claim | None:
        act()
        return again(claim, only)

    monkeypatch.setattr(Claim, "again", acted)


def test_between_two_stages_nobody_else_gets_the_connection(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = []
    take = partial(lease.take, connection.pk, due=False, blocked=True)
    between_two_stages(monkeypatch, lambda: others.append(take()))
    reconciler.advance(connection.pk)
    assert others == [None]
    assert take() is not None


def test_a_thread_between_two_stages_leaves_no_mark_without_a_task(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    between_two_stages(monkeypatch, reconciler._advance_another)
    reconciler.advance(connection.pk)
    assert queued() == 1


def test_a_switch_between_two_stages_stops_the_run_and_leaves_no_mark_without_a_task(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = Switch(name=switches.PROVISIONING.name, on=False, why="x")
    between_two_stages(monkeypatch, off.save)
    reconciler.advance(connection.pk)
    connection.refresh_from_db()
    assert (connection.lease, connection.attempts, connection.waiting_for) == (None, 0, "")
    assert queued() == 0
    Switch.objects.update(on=True)
    assert queued() == 1


def test_who_lost_the_lease_between_two_stages_takes_nothing_from_the_next(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    heirs = []

    def lose() -> None:
        with time_machine.travel(timezone.now() + leases.LEASE):
            heirs.append(lease.take(connection.pk))

    between_two_stages(monkeypatch, lose)
    reconciler.advance(connection.pk)
    connection.refresh_from_db()
    (heir,) = heirs
    assert heir
    assert (connection.lease, connection.attempts) == (heir.key, 2)


def counts_of_the_next_rounds() -> list[int]:
    """Run one task after the other; return how many were queued before each."""
    counts = []
    for _ in range(5):
        counts.append(queued())
        queue.run_first()
    return counts


def test_who_comes_back_three_times_soon_has_one_task_again(connection: Connection) -> None:
    for _ in range(3):
        reconciler.hurry(connection.pk)
    assert counts_of_the_next_rounds() == [3, 2, 1, 1, 1]


def test_after_a_thread_whose_time_is_over_there_is_soon_one_task_again(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert queued() == 1
    with monkeypatch.context() as hurried:
        hurried.setattr(run, "RUN_SECONDS", -1.0)
        reconciler._advance_another()
    assert Connection.objects.get().stage == Stage.CONFIGURING_DATABASE
    assert counts_of_the_next_rounds() == [2, 1, 1, 1, 1]
