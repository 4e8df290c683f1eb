"""Roll-outs: who comes when, what staff may do, and that nothing is sent twice or left half-done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connect.mappings import items, rollouts
from connect.mappings.models import ItemStatus, Prune, Rollout, RolloutStatus
from connect.mappings.rollouts import NotNow
from connect.models import Connection, MappingTemplate
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.connect.mappings.conftest import Work

pytestmark = pytest.mark.django_db


def make(fleet: Fleet, **facts: Any) -> Rollout:
    """Make a roll-out of version 2 to the whole fleet."""
    given = {"canary_size": 0, "wave_size": 50, "author": "mia", **facts}
    template = facts.get("template") or MappingTemplate.objects.get(version=2)
    rollout = Rollout(**{**given, "template": template})
    return rollouts.create(rollout, Connection.objects.all())


def test_a_version_is_checked_sent_once_loaded_and_noted(fleet: Fleet, work: Work) -> None:
    member = fleet.add()
    rollout = work(make(fleet))
    assert rollout.status == RolloutStatus.READY
    assert fleet.calls("POST") == 0
    rollouts.start(rollout.pk, "mia")
    rollout = work(rollout)
    assert rollout.status == RolloutStatus.DONE
    assert fleets.items(rollout) == {ItemStatus.DONE: 1}
    assert "Segment__c" in fleet.mapped(member)["Account"]
    assert "Contact" in fleet.mapped(member)
    assert member.now().template == rollout.template
    assert member.now().lease is None
    assert fleet.calls("POST", "/actions/import") == 1
