"""Fixtures of this room."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F

from connect.models import Rollout, RolloutItem, RolloutItemStatus
from connect.rollouts import due, items
from tests.connect.fleet import Fleet

Work = Callable[..., Rollout]


@pytest.fixture
def work(fleet: Fleet) -> Work:
    """Return a function that does what the worker would, as if half a minute passed each time."""

    def rounds(rollout: Rollout, times: int = 12, passing: float = 30.0) -> Rollout:
        for _ in range(times):
            ids = due.mark_queued(timedelta(0))
            for item_id in ids:
                items.advance(item_id)
            if not ids and not _waiting():
                break
            pass_time(fleet, passing)
        rollout.refresh_from_db()
        return rollout

    return rounds


def _waiting() -> bool:
    status = (RolloutItemStatus.WORKING, RolloutItemStatus.CHECKING)
    return RolloutItem.objects.filter(status__in=status).exists()


def pass_time(fleet: Fleet, seconds: float) -> None:
    """Make everything that waits older, here and in the emulator."""
    ago = timedelta(seconds=seconds)
    fleet.running.advance(seconds)
    RolloutItem.objects.update(
        next_attempt_at=F("next_attempt_at") - ago,
        sent_at=F("sent_at") - ago,
        step_since=F("step_since") - ago,
        waiting_since=F("waiting_since") - ago,
        queued_at=None,
    )
