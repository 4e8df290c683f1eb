"""A process of the worker works on several tenants at once, each with its own lease."""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import wait

import pytest
from django.db import connections
from django.utils import timezone

from connect.models import Connection, Stage, WaitingOn
from connect.provisioning import reconciler, steps
from connect.runner import beside
from connect.runner.lease import Claim
from connect.runner.outcomes import Done, Wait
from tenants import sweeps
from tests import cast, queue

PATIENCE = 20.0  # seconds
SETTLED = Wait(None, "the test", WaitingOn.STAFF)
HEROKU = "Heroku", WaitingOn.HEROKU


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(beside.Threads, "number", 2)
    monkeypatch.setattr(beside.Threads, "begun", [])
    yield
    pool = beside._pool()
    pool.submit(connections.close_all).result()
    pool.shutdown()
    beside._pool.cache_clear()


def due(*tenants: dict[str, str]) -> list[int]:
    return [cast.connect(cast.enrol(each), Stage.LINKING).pk for each in tenants]


def due_for_two_stages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two tenants: one run moves each to its next stage, and settles there."""
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, lambda claim: Done("Linked."))
    monkeypatch.setitem(steps.STEPS, Stage.CONFIGURING_DATABASE, lambda claim: SETTLED)
    return due(cast.ACME, cast.BOREALIS)


def settled() -> set[int]:
    rows = Connection.objects.filter(waiting_for=SETTLED.reason, lease=None)
    return set(rows.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_two_tenants_are_worked_on_at_once(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2, timeout=PATIENCE)

    def meet(claim: Claim) -> Wait:
        both.wait()
        return SETTLED

    monkeypatch.setitem(steps.STEPS, Stage.LINKING, meet)
    first, second = due(cast.ACME, cast.BOREALIS)
    reconciler.advance(first)
    assert settled() == {first, second}


@pytest.mark.django_db(transaction=True)
def test_each_tenant_is_taken_by_one_thread(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def note(claim: Claim) -> Wait:
        taken.append(claim.connection.pk)
        return SETTLED

    monkeypatch.setitem(steps.STEPS, Stage.LINKING, note)
    ids = due(cast.ACME, cast.BOREALIS, cast.CIRRUS, cast.DUNE)
    for each in ids:  # the task of the last one comes when a thread has taken it
        reconciler.advance(each)
    assert sorted(taken) == sorted(ids)
    assert settled() == set(ids)


@pytest.mark.django_db(transaction=True)
def test_a_task_ends_after_one_tenant_in_each_thread(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, lambda claim: SETTLED)
    first, *others = due(cast.ACME, cast.BOREALIS, cast.CIRRUS, cast.DUNE)
    reconciler.advance(first)
    assert len(settled() & set(others)) == 1


@pytest.mark.django_db(transaction=True)
def test_tenants_that_are_due_again_at_once_have_one_task_each_in_the_queue(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, lambda claim: Wait(timezone.now(), *HEROKU))
    ids = due(cast.ACME, cast.BOREALIS, cast.CIRRUS, cast.DUNE)
    for _ in range(5 * len(ids)):
        sweeps.run()
        tasks = [args[0] for _, args in queue.queued_calls()]
        assert sorted(tasks) == sorted(ids)
        queue.run_first()


@pytest.mark.django_db(transaction=True)
def test_a_task_that_a_thread_was_faster_than_leaves_no_mark_of_the_queue(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, lambda claim: SETTLED)
    first, second = due(cast.ACME, cast.BOREALIS)
    sweeps.run()
    reconciler.advance(first)
    assert settled() == {first, second}
    assert Connection.objects.get(queued_at__isnull=False).pk == second
    reconciler.advance(second)
    assert not Connection.objects.filter(queued_at__isnull=False)


@pytest.mark.django_db(transaction=True)
def test_the_task_of_a_tenant_whose_stage_a_thread_has_changed_is_still_marked(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = due_for_two_stages(monkeypatch)
    sweeps.run()
    mark = Connection.objects.get(pk=second).queued_at
    reconciler.advance(first)
    assert Connection.objects.get(pk=second, stage=Stage.CONFIGURING_DATABASE).queued_at == mark


@pytest.mark.django_db(transaction=True)
def test_a_tenant_without_a_task_has_no_mark_after_a_thread_has_changed_its_stage(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = due_for_two_stages(monkeypatch)
    reconciler.advance(first)
    assert settled() == {first, second}
    assert not Connection.objects.filter(queued_at__isnull=False)


@pytest.mark.django_db
def test_outside_the_worker_a_task_does_its_own_work_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, lambda claim: SETTLED)
    first, _ = due(cast.ACME, cast.BOREALIS)
    reconciler.advance(first)
    assert settled() == {first}


def test_the_task_ends_after_the_work_beside_it(two_threads: None) -> None:
    may_end, ended = threading.Event(), threading.Event()

    def slowly() -> None:
        may_end.wait(PATIENCE)
        ended.set()

    with beside.others(slowly):
        may_end.set()
    assert ended.is_set()


def test_an_error_beside_a_task_is_logged_and_does_not_fail_it(
    two_threads: None, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("the database is away")

    with caplog.at_level(logging.ERROR), beside.others(fail):
        pass
    assert "work beside a task failed" in caplog.text


def test_after_a_time_out_nobody_waits_for_the_threads(two_threads: None) -> None:
    may_end = threading.Event()

    def hang() -> None:
        may_end.wait(PATIENCE)

    with pytest.raises(SystemExit), beside.others(hang):
        raise SystemExit  # as django-q2's time-out
    may_end.set()


def test_after_an_error_the_next_task_does_not_wait_for_the_threads(two_threads: None) -> None:
    may_end = threading.Event()

    def hang() -> None:
        may_end.wait(PATIENCE)

    with pytest.raises(RuntimeError), beside.others(hang):
        raise RuntimeError("the database is away")
    calls: list[int] = []
    began = time.monotonic()
    with beside.others(lambda: calls.append(1)):
        pass
    assert time.monotonic() - began < PATIENCE
    assert calls == []
    may_end.set()
    wait(beside.Threads.begun)
    with beside.others(lambda: calls.append(1)):
        pass
    assert calls == [1]
