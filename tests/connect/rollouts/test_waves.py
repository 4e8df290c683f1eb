"""The canary, the waves, and the failures that stop them."""

import pytest
from pytest_django.fixtures import Settings

from connect.models import Rollout, RolloutItemStatus, RolloutStatus, WebhookNotice
from connect.rollouts import lifecycle
from tenants.models import Message
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.connect.rollouts.conftest import Work
from tests.connect.rollouts.driving import started

pytestmark = pytest.mark.django_db


def test_the_canary_comes_first_and_the_waves_after_it(fleet: Fleet, work: Work) -> None:
    for _ in range(6):
        fleet.add()
    rollout = started(fleet, work, canary_size=1, wave_size=3)
    assert sorted(rollout.items.values_list("wave", flat=True)) == [0, 1, 1, 1, 2, 2]
    begun: list[set[int]] = []
    for _ in range(12):
        work(rollout, times=1)
        waves = rollout.items.exclude(started_at=None).values_list("wave", flat=True)
        begun.append(set(waves))
    assert begun[0] == {0}
    assert {0, 1} in begun
    assert begun[-1] == {0, 1, 2}
    rollout = work(rollout)
    assert fleets.items(rollout) == {RolloutItemStatus.DONE: 6}


def test_it_pauses_after_the_canary_if_asked(fleet: Fleet, work: Work) -> None:
    fleet.add()
    fleet.add()
    rollout = work(started(fleet, work, canary_size=1, hold_after_canary=True))
    assert rollout.status == RolloutStatus.PAUSED
    assert "Check it" in rollout.pause_reason
    lifecycle.resume(rollout.pk, "mia")
    assert work(rollout).status == RolloutStatus.DONE


def test_it_pauses_when_too_many_fail_and_continues_when_resumed(fleet: Fleet, work: Work) -> None:
    for _ in range(4):
        fleet.add()
    rollout = started(fleet, work, canary_size=2, failure_limit=50, wave_size=2)
    canary = rollout.items.filter(wave=0).values_list("connection__connection_id", flat=True)
    for key in canary:
        fleet.running.control("POST", f"connections/{key}/state", {"state": "TOO_MANY_ROWS"})
    rollout = work(rollout)
    assert rollout.status == RolloutStatus.PAUSED
    assert rollout.pause_reason == "2 of 2 tenants of wave 0 failed, more than 50 %."
    assert Message.objects.filter(subject__contains="was paused automatically").count() == 1
    assert not rollout.items.filter(wave=1).exclude(status=RolloutItemStatus.READY).exists()
    lifecycle.resume(rollout.pk, "mia")
    assert Rollout.objects.get().paused_by == ""
    rollout = work(rollout)
    assert rollout.status == RolloutStatus.ENDED
    assert fleets.items(rollout) == {RolloutItemStatus.DONE: 2, RolloutItemStatus.FAILED: 2}
    assert rollout.events.first().text == "Ended: 2 done, 2 failed."  # type: ignore[union-attr]


def test_the_alert_of_a_paused_roll_out_leads_to_it(
    fleet: Fleet, work: Work, settings: Settings
) -> None:
    settings.INCIDENT_WEBHOOK_URL = "https://hooks.example/secret"
    fleet.add()
    fleet.add()
    rollout = work(started(fleet, work, canary_size=1, hold_after_canary=True))
    page = f"http://testserver/admin/connect/rollout/{rollout.pk}/change/"
    mail = Message.objects.get(subject__contains="was paused automatically")
    assert page in mail.text
    assert f'href="{page}"' in mail.html
    assert WebhookNotice.objects.get(rollout=rollout).text.endswith(page)
    assert rollout.paused_by == "portal"
