"""What a subscriber's page shows of the connection."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connect import progress
from tenants.models import Event, EventKind
from tenants.progress import Facts

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


def event(minute: int, kind: EventKind, stage: str = "") -> Event:
    data = {"stage": stage} if stage else {}
    return Event(at=START + timedelta(minutes=minute), kind=kind, data=data)


REGISTERED = event(0, EventKind.REGISTERED)
CREATING = event(1, EventKind.STAGE, "creating_addon")
READY = event(2, EventKind.STAGE, "waiting_for_authorization")
WAITING = event(3, EventKind.WAITING)
AUTHORIZED = event(4, EventKind.AUTHORIZED, "importing_mappings")
LOADING = event(5, EventKind.STAGE, "loading")
LIVE = event(6, EventKind.LIVE, "live")
BLOCKED = event(7, EventKind.BLOCKED, "loading")
AGAIN = event(8, EventKind.STAGE, "creating_addon")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], {}),
        ([REGISTERED, CREATING, WAITING], {}),
        ([REGISTERED, READY, WAITING], {"link_ready": True}),
        ([READY, AUTHORIZED], {"link_ready": True, "authorized_at": AUTHORIZED.at}),
        ([READY, BLOCKED], {"link_ready": True, "blocked": True}),
        ([BLOCKED, WAITING], {}),
        ([BLOCKED, event(8, EventKind.TROUBLE)], {}),
        ([BLOCKED, event(8, EventKind.STAFF_ACTION)], {"blocked": True}),
        ([BLOCKED, event(8, EventKind.MESSAGE)], {"blocked": True}),
        ([BLOCKED, LOADING], {}),
        (
            [READY, AUTHORIZED, LOADING, LIVE],
            {"link_ready": True, "authorized_at": AUTHORIZED.at, "live_at": LIVE.at},
        ),
        ([READY, AUTHORIZED, LOADING, LIVE, AGAIN], {}),
        ([READY, AUTHORIZED, LIVE, AGAIN, READY], {"link_ready": True}),
    ],
)  # fmt: skip
def test_a_timeline_is_folded_into_facts(events: list[Event], expected: dict[str, Any]) -> None:
    assert progress.read(events) == Facts(**expected)
