"""Rows of every model of this use case that has a page."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from connect.models import Connection
from social.models import (
    CollectionRun,
    Handle,
    Post,
    RunOutcome,
    Spend,
    TenantCollection,
    Trigger,
)
from tests.portal.admin.rows import stored


def strangers(numbers: Sequence[int], connections: list[Connection], now: datetime) -> None:
    """Make rows for connections, one of each model for each."""
    runs = stored(
        CollectionRun(trigger=Trigger.SCHEDULE, outcome=RunOutcome.DONE, finished_at=now)
        for _ in numbers
    )
    stored(
        TenantCollection(run=run, connection=each, inserted=1)
        for run, each in zip(runs, connections, strict=True)
    )
    handles = stored(Handle(name=f"stranger_{number}") for number in numbers)
    stored(
        Post(
            id=number,
            handle=handle,
            author=f"Stranger_{number}",
            body="Hello",
            posted_at=now,
            likes=1,
            reposts=0,
            changed_in=run.pk,
        )
        for number, handle, run in zip(numbers, handles, runs, strict=True)
    )
    stored(Spend(day=now.date() - timedelta(days=number), calls=1, posts=1) for number in numbers)
