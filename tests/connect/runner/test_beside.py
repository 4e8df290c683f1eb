"""A process of the worker works on several tenants at once, each with its own lease."""

import logging
import threading
from collections.abc import Iterator

import pytest
from django.db import connections

from connect.models import Connection, Stage, WaitingOn
from connect.provisioning import reconciler, steps
from connect.runner import beside
from connect.runner.lease import Claim
from connect.runner.outcomes import Wait
from tests import cast

PATIENCE = 20.0  # seconds
SETTLED = Wait(None, "the test", WaitingOn.STAFF)


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(beside.Threads, "number", 2)
    yield
    pool = beside._pool()
    pool.submit(connections.close_all).result()
    pool.shutdown()
    beside._pool.cache_clear()


def due(*tenants: dict[str, str]) -> list[int]:
    return [cast.connect(cast.enrol(each), Stage.LINKING).pk for each in tenants]


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
    for each in ids:  # the tasks of those that a thread has taken find nothing to do
        reconciler.advance(each)
    assert sorted(taken) == sorted(ids)
    assert settled() == set(ids)


@pytest.mark.django_db(transaction=True)
def test_no_other_is_taken_when_the_time_for_others_is_over(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, lambda claim: SETTLED)
    monkeypatch.setattr(reconciler, "OTHERS_SECONDS", -1.0)
    first, _ = due(cast.ACME, cast.BOREALIS)
    reconciler.advance(first)
    assert settled() == {first}


@pytest.mark.django_db
def test_outside_the_worker_a_task_does_its_own_work_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(steps.STEPS, Stage.LINKING, lambda claim: SETTLED)
    first, _ = due(cast.ACME, cast.BOREALIS)
    reconciler.advance(first)
    assert settled() == {first}


def test_the_task_ends_after_the_work_beside_it(two_threads: None) -> None:
    may_end, ended = threading.Event(), threading.Event()

    def slowly() -> bool:
        if threading.current_thread() is not threading.main_thread():
            may_end.wait(PATIENCE)
            ended.set()
        return False

    with beside.others(slowly):
        may_end.set()
    assert ended.is_set()


def test_an_error_beside_a_task_is_logged_and_does_not_fail_it(
    two_threads: None, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> bool:
        raise RuntimeError("the database is away")

    with caplog.at_level(logging.ERROR), beside.others(fail):
        pass
    assert "work beside a task failed" in caplog.text


def test_after_a_time_out_nobody_waits_for_the_threads(two_threads: None) -> None:
    may_end = threading.Event()

    def hang() -> bool:
        may_end.wait(PATIENCE)
        return False

    with pytest.raises(SystemExit), beside.others(hang):
        raise SystemExit  # as django-q2's time-out
    may_end.set()
