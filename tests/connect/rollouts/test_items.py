"""One tenant of a roll-out: leases, attempts, and failures that are counted and explained."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from connect.clients import http
from connect.models import (
    Connection,
    RolloutItemStatus,
    RolloutStatus,
    RolloutStep,
    Stage,
)
from connect.rollouts import due
from connect.runner import lease, retry
from tests.connect.fleet import Fleet
from tests.connect.rollouts.conftest import Work
from tests.connect.rollouts.driving import fault, started, step

pytestmark = pytest.mark.django_db


def test_a_tenant_with_a_held_lease_is_left_alone(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    claim = lease.take(member.connection.pk, due=False)
    assert claim is not None
    assert due.mark_queued(timedelta(0)) == []
    assert step(rollout, member).status == RolloutItemStatus.READY
    claim.release_uncounted()
    assert step(rollout, member).status == RolloutItemStatus.WORKING


def test_a_worker_that_lost_its_lease_writes_nothing(
    fleet: Fleet, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = fleet.add()
    rollout = started(fleet, work)

    def lose(*_: object) -> None:
        Connection.objects.update(lease=None, lease_expires_at=None)

    monkeypatch.setattr("connect.clients.heroku_connect.import_mappings", lose)
    item = step(rollout, member)
    assert item.attempts == 1  # counted before the work
    assert item.waiting_for == ""


def test_an_item_whose_worker_always_dies_fails(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    rollout.items.update(attempts=retry.MAX_ATTEMPTS, last_error="")
    item = step(rollout, member)
    assert (item.status, item.last_error) == (RolloutItemStatus.FAILED, "Gave up. The work died.")


def test_a_tenant_that_is_off_boarded_during_the_rollout_fails_alone(
    fleet: Fleet, work: Work
) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    Connection.objects.update(stage=Stage.OFFBOARDING)
    item = step(rollout, member)
    assert (item.status, item.last_error) == (
        RolloutItemStatus.FAILED,
        "It is no longer live: off-boarding.",
    )


def test_a_refused_token_pauses_the_roll_out_and_fails_nobody(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    fault(fleet, "GET", "/connections/", status=401)
    item = step(rollout, member)
    rollout.refresh_from_db()
    assert (item.status, rollout.status) == (RolloutItemStatus.WORKING, RolloutStatus.PAUSED)
    assert "HEROKU_API_TOKEN" in rollout.pause_reason


def test_a_retry_after_is_obeyed(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    fault(fleet, "GET", "/connections/", status=429, headers={"Retry-After": "120"})
    item = step(rollout, member)
    assert item.next_attempt_at - timezone.now() > timedelta(seconds=100)
    assert item.step == RolloutStep.SEND


def test_the_log_names_the_tenant_and_the_step_at_work(
    fleet: Fleet, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = fleet.add()
    rollout = started(fleet, work)
    seen: list[tuple[str, str]] = []
    in_hand = (http.current_tenant, http.current_stage)

    def look(*_: object, **__: object) -> None:
        seen.append((in_hand[0].get(), in_hand[1].get()))
        raise http.Retryable("Heroku Connect", 503, "try later")

    monkeypatch.setattr("connect.clients.heroku_connect.detail", look)
    step(rollout, member)
    assert seen == [(member.org_id, "send")]
    assert in_hand[1].get() == "-"


def test_a_settling_that_the_database_refuses_is_a_failed_attempt_with_its_message(
    fleet: Fleet, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deadlock(*_: object, **__: object) -> None:
        raise OperationalError("deadlock detected")

    member = fleet.add()
    rollout = started(fleet, work)
    step(rollout, member)
    with monkeypatch.context() as patched:
        patched.setattr("tenants.timeline.note", deadlock)
        item = step(rollout, member)
    assert (item.status, item.attempts) == (RolloutItemStatus.WORKING, 1)
    assert "deadlock detected" in item.last_error
    assert item.next_attempt_at > timezone.now()
    assert member.now().lease is None
    assert step(rollout, member).status == RolloutItemStatus.DONE
