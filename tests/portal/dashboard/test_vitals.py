"""The card about the worker and the queue says the same as /readyz."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from portal.dashboard.cards import vitals
from portal.models import Heartbeat
from portal.project import probes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("beat_ago", "work_waits", "alive"),
    [(2, True, True), (20, False, True), (20, True, False), (90, False, False)],
)
def test_a_worker_is_alive_where_readyz_says_so(
    beat_ago: int, work_waits: bool, alive: bool
) -> None:
    now = timezone.now()
    Heartbeat.objects.create(worker="host:1", beat_at=now - timedelta(seconds=beat_ago))
    if work_waits:
        OrmQ.objects.create(key="multiconnect", payload="", lock=now - timedelta(seconds=10))
    shown = vitals.read(now)["worker"]
    assert shown["alive"] is alive
    assert (probes.readiness(now)["problems"] == []) is alive
