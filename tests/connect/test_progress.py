"""What a subscriber's page shows of the connection."""

from typing import Any

import pytest

from connect import progress
from tenants.models import Event, EventKind
from tenants.progress import Facts
from tests.tenants.events import (
    AGAIN,
    AUTHORIZED,
    BLOCKED,
    CREATING,
    LIVE,
    LOADING,
    READY,
    REGISTERED,
    WAITING,
    event,
)


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
