"""How long it took from registration to live."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connect.models import Stage
from portal.dashboard.cards import times
from tenants.models import Event, EventKind
from tests import cast
from tests.portal.admin import rows

pytestmark = pytest.mark.django_db


def test_the_times_are_those_of_the_tenants_that_went_live() -> None:
    now = timezone.now()
    for minutes, who in ((10, cast.ACME), (20, cast.BOREALIS), (60, cast.CIRRUS)):
        start = now - timedelta(minutes=minutes)
        tenant = cast.enrol(who, at=start)
        rows.connection(tenant, live_at=now)
        for stage, at in ((Stage.LINKING, start), (Stage.LOADING, now - timedelta(minutes=2))):
            note(tenant.pk, at, stage)
        note(tenant.pk, now, Stage.LIVE)
    shown = times.read(now)
    assert (shown["count"], shown["median"], shown["p95"]) == (3, "20 min", "56 min")
    assert shown["stages"] == [
        ("Linking to Heroku Connect", "18 min", "54 min"),
        ("Loading data", "2 min", "2 min"),
    ]


def note(tenant_id: int, at: Any, stage: Stage) -> None:
    Event.objects.create(
        tenant_id=tenant_id, at=at, kind=EventKind.STAGE, text="x", data={"stage": stage}
    )


def test_nobody_live_is_no_time() -> None:
    assert times.read(timezone.now())["count"] == 0
