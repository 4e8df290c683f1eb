"""What a press only started: its outcome is stored once the work has ended by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from connect.models import Connection, Stage
from portal.models import BulkItem, BulkItemStatus
from tenants import sweeps

MAX_AT_ONCE = 500
Outcome = tuple[BulkItemStatus, str]


@dataclass(frozen=True)
class Start:
    """An action that moves a connection into a stage, where the work then continues.

    `stages` are those of the work, `ends` those in which it is done; `done` says so.
    """

    stages: tuple[Stage, ...]
    ends: tuple[Stage, ...]
    done: str

    def outcome(self, connection: Connection) -> Outcome:
        """Return the outcome of the work; the connection has left its stages, or is blocked."""
        if connection.stage in self.ends:
            return BulkItemStatus.DONE, self.done
        if connection.blocked_at:
            return BulkItemStatus.FAILED, f"Blocked: {connection.blocked_reason}"
        stage = connection.get_stage_display().lower()
        return BulkItemStatus.CANCELLED, f"Something else came first: it is {stage}."


# By the name of the action on a tenant.
STARTS = {
    "offboard": Start((Stage.OFFBOARDING,), (Stage.OFFBOARDED,), "Off-boarded."),
    "start_over": Start(
        (Stage.OFFBOARDING,), (Stage.OFFBOARDED,), "The old connection is gone. A new one follows."
    ),
    "import_mappings": Start(
        (Stage.IMPORTING_MAPPINGS,), (Stage.LOADING, Stage.LIVE), "The mappings are imported."
    ),
}


def settle(again_after: timedelta = sweeps.REQUEUE_AFTER) -> int:
    """Store what was started and has ended by now. No task is queued, so return 0."""
    for name, start in STARTS.items():
        for item in _ended(name, start):
            assert item.connection is not None  # noqa: S101  (the query joins it)
            status, text = start.outcome(item.connection)
            still_started = BulkItem.objects.filter(pk=item.pk, status=BulkItemStatus.STARTED)
            still_started.update(status=status, text=text, ended_at=timezone.now())
    return 0


def _ended(name: str, start: Start) -> Iterator[BulkItem]:
    items: QuerySet[BulkItem] = BulkItem.objects.filter(
        status=BulkItemStatus.STARTED, run__action=name, connection__isnull=False
    ).select_related("connection")
    at_work = {"connection__stage__in": start.stages, "connection__blocked_at": None}
    return items.exclude(**at_work).order_by("pk")[:MAX_AT_ONCE].iterator()


def _started(again_after: timedelta) -> QuerySet[Any, Any]:
    return BulkItem.objects.filter(status=BulkItemStatus.STARTED).values_list("pk", flat=True)


def _never_late(now: datetime) -> None:
    """Return that nothing is late: the sweep itself does the work."""


sweeps.register(sweeps.Sweep("started", (), _started, settle, _never_late))
