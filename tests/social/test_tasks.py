"""The tasks of the collection: a round in time, and pruning."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from social import (
    accounts,
    database_role,
    tasks,
)
from social.models import CollectionRun, Delivery, Handle, Post, RunOutcome, Trigger
from tenants import sweeps
from tenants.sweeps import name_of
from tests import cast
from tests.queue import drain, queued_calls
from tests.social.live_tenants import XSide, go_live
from tests.social.rounds import many, round_of

pytestmark = pytest.mark.django_db


def test_a_round_ends_in_time_and_queues_the_next(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = many(x_side, 2)
    monkeypatch.setattr(tasks, "SECONDS", 1e-6)
    assert "The time limit was reached" in tasks.collect()
    first = CollectionRun.objects.get()
    assert queued_calls() == [(name_of(tasks.go_on), (first.pk,))]
    monkeypatch.setattr(tasks, "SECONDS", 60)
    assert "done" in tasks.collect()
    assert (len(live.bodies()), len(queued_calls())) == (40, 1)


def test_the_task_of_a_run_that_comes_twice_continues_it_once(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(x_side, 2)
    with monkeypatch.context() as hurried:
        hurried.setattr(tasks, "SECONDS", 1e-6)
        tasks.collect()
    first = CollectionRun.objects.get()
    with time_machine.travel(timezone.now() - timedelta(minutes=1)):  # on a dyno that is behind
        assert "done" in tasks.go_on(first.pk)
    assert tasks.go_on(first.pk) == "It was continued already."
    assert CollectionRun.objects.count() == 2


def test_a_run_that_was_to_be_continued_is_found_when_its_task_is_lost(
    x_side: XSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = many(x_side, 2)
    with monkeypatch.context() as hurried:
        hurried.setattr(tasks, "SECONDS", 1e-6)
        tasks.run(Trigger.STAFF, "olga")
    OrmQ.objects.all().delete()
    assert tasks.queue_due() == 0
    CollectionRun.objects.update(queued_at=None)
    assert tasks.queue_due() == 1
    drain()
    assert len(live.bodies()) == 40
    newest = CollectionRun.objects.latest("pk")
    assert (newest.trigger, newest.actor, newest.outcome) == ("staff", "olga", RunOutcome.DONE)
    assert not sweeps.oldest(CollectionRun.objects.all(), timezone.now())


def test_a_run_whose_worker_died_is_continued(x_side: XSide) -> None:
    many(x_side, 1)
    past = timezone.now() - timedelta(minutes=1)
    CollectionRun.objects.create(trigger=Trigger.SCHEDULE, next_attempt_at=past)
    assert tasks.queue_due() == 1
    drain()
    outcomes = CollectionRun.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == [RunOutcome.INTERRUPTED, RunOutcome.DONE]


def test_the_task_returns_the_reason_when_nothing_was_collected(settings: Settings) -> None:
    settings.X_BEARER_TOKEN = ""
    assert "X_BEARER_TOKEN" in tasks.collect()


def test_expired_rows_are_pruned(x_side: XSide) -> None:
    live = go_live(cast.ACME, "acme")
    x_side.post("acme", "Hello")
    round_of()
    old = timezone.now() - timedelta(days=40)
    tasks.prune()
    assert (Post.objects.count(), CollectionRun.objects.count()) == (1, 1)
    Post.objects.update(seen_at=old)
    Handle.objects.update(asked_at=old)
    CollectionRun.objects.update(started_at=old)
    tasks.prune()
    assert not any(each.objects.exists() for each in (Post, Handle, CollectionRun))
    assert Delivery.objects.get().connection == live.connection
    assert round_of().inserted == 0


def test_reading_a_fleet_takes_one_read_a_tenant_and_two_more_in_all(
    x_side: XSide, django_assert_num_queries: Any
) -> None:
    go_live(cast.ACME, "acme")
    go_live(cast.CIRRUS, "cirrus")
    database_role.ensure("default")
    accounts.read_all()  # the first one grants
    per_tenant = 6  # savepoint, limits, the role, the read, the end of the role, release
    with django_assert_num_queries(2 + 2 * per_tenant):
        accounts.read_all()
