"""Which tenants come up, and when nothing moves."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from connect import switches, tasks
from connect.models import (
    ApiBudget,
    RolloutItem,
    RolloutItemStatus,
)
from connect.rollouts import due, items
from tenants import sweeps
from tenants.models import RateBucket, Switch
from tests.connect.fleet import Fleet
from tests.connect.rollouts.conftest import Work
from tests.connect.rollouts.driving import make, started

pytestmark = pytest.mark.django_db


def test_nothing_moves_while_calls_are_short_or_provisioning_is_off(
    fleet: Fleet, settings: Settings
) -> None:
    fleet.add()
    make(fleet)
    budget = ApiBudget.objects.create(peer="connect", remaining=10)
    assert due.mark_queued(timedelta(0)) == []
    budget.delete()
    switch = Switch.objects.create(name=switches.PROVISIONING.name, on=False)
    assert due.mark_queued(timedelta(0)) == []
    switch.delete()
    settings.MAPPING_CALLS_PER_HOUR = 1
    assert due.mark_queued(timedelta(0)) == []
    settings.MAPPING_CALLS_PER_HOUR = 4500
    RateBucket.objects.all().delete()
    assert len(due.mark_queued(timedelta(0))) == 1


def test_a_switch_that_is_turned_off_stops_what_is_queued_but_not_what_is_half_changed(
    fleet: Fleet, work: Work
) -> None:
    fleet.add()
    fleet.add()
    rollout = started(fleet, work)
    half_changed, next_one = rollout.items.order_by("pk")
    items.advance(half_changed.pk)
    half_changed.refresh_from_db()
    assert half_changed.status == RolloutItemStatus.WORKING
    Switch.objects.create(name=switches.PROVISIONING.name, on=False)
    sent = fleet.calls("POST")
    items.advance(next_one.pk)  # it was queued before
    assert fleet.calls("POST") == sent
    work(rollout)
    half_changed.refresh_from_db()
    next_one.refresh_from_db()
    assert half_changed.status == RolloutItemStatus.DONE
    assert next_one.status == RolloutItemStatus.READY


def test_the_sweep_queues_what_is_due_once(fleet: Fleet) -> None:
    fleet.add()
    make(fleet)
    assert sweeps.run() == 1
    assert sweeps.run() == 0
    tasks.advance_item(RolloutItem.objects.get().pk)
    assert RolloutItem.objects.get().status == RolloutItemStatus.READY
