"""Driving roll-outs in tests: make one, start it, let one tenant's work be done, break a call."""

from typing import Any

from django.utils import timezone

from connect.models import (
    Connection,
    MappingTemplate,
    Rollout,
    RolloutItem,
    RolloutStatus,
)
from connect.rollouts import creating, items, lifecycle
from tests.connect.fleet import Fleet, Member
from tests.connect.rollouts.conftest import Work


def make(fleet: Fleet, **facts: Any) -> Rollout:
    """Make a roll-out of version 2 to the whole fleet."""
    given = {"canary_size": 0, "wave_size": 50, "author": "mia", **facts}
    template = facts.get("template") or MappingTemplate.objects.get(version=2)
    rollout = Rollout(**{**given, "template": template})
    return creating.create(rollout, Connection.objects.all())


def started(fleet: Fleet, work: Work, **facts: Any) -> Rollout:
    """Make a roll-out, let it be checked and start it."""
    rollout = work(make(fleet, **facts))
    assert rollout.status == RolloutStatus.READY
    return lifecycle.start(rollout.pk, "mia", accept_warnings=True)


def step(rollout: Rollout, member: Member) -> RolloutItem:
    """Let one tenant's work be done once, even if it is not due."""
    item = RolloutItem.objects.get(rollout=rollout, connection=member.connection)
    RolloutItem.objects.filter(pk=item.pk).update(next_attempt_at=timezone.now())
    items.advance(item.pk)
    item.refresh_from_db()
    return item


def fault(fleet: Fleet, method: str, path: str, **what: Any) -> None:
    fleet.running.fail("region", **{"method": method, "path": path, "times": 1, **what})
