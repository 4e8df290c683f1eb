"""What a press only started: its outcome is stored once the work has ended by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from connect.formats import counted
from connect.models import ENDING, Connection, Diagnosis, Stage
from portal.models import BulkItem, BulkItemStatus
from tenants import sweeps

MAX_AT_ONCE = 500
Outcome = tuple[BulkItemStatus, str]


class Start(Protocol):
    """How the work of an action continues that only starts it."""

    def ended(self, items: QuerySet[BulkItem]) -> QuerySet[BulkItem]:
        """Return those items whose work has ended."""
        ...

    def outcome(self, connection: Connection) -> Outcome:
        """Return the outcome of work that has ended."""
        ...


@dataclass(frozen=True)
class Stages:
    """Work that moves a connection into a stage, and continues there.

    `stages` are those of the work, `ends` those in which it is done; `done` says so.
    """

    stages: tuple[Stage, ...]
    ends: tuple[Stage, ...]
    done: str

    def ended(self, items: QuerySet[BulkItem]) -> QuerySet[BulkItem]:
        return items.exclude(connection__stage__in=self.stages, connection__blocked_at=None)

    def outcome(self, connection: Connection) -> Outcome:
        if connection.stage in self.ends:
            return BulkItemStatus.DONE, self.done
        if connection.blocked_at:
            return BulkItemStatus.FAILED, f"Blocked: {connection.blocked_reason}"
        # Not cancelled: “Try again” would do again what somebody has undone.
        stage = connection.get_stage_display().lower()
        return BulkItemStatus.SKIPPED, f"it did not come to its end: it is {stage}"


class Diagnoses:
    """Heroku Connect's diagnoses: their results arrive within minutes, or are given up."""

    def ended(self, items: QuerySet[BulkItem]) -> QuerySet[BulkItem]:
        running = Diagnosis.objects.filter(connection=OuterRef("connection"), ended_at=None)
        return items.exclude(Exists(running))

    def outcome(self, connection: Connection) -> Outcome:
        found = connection.diagnoses.first()
        if found is None:
            return BulkItemStatus.SKIPPED, "its result has gone"
        if found.error:
            return BulkItemStatus.FAILED, found.error
        counts = f"{counted(found.errors, 'error')}, {counted(found.warnings, 'warning')}"
        return BulkItemStatus.DONE, f"Heroku Connect finds {counts}."


_OFFBOARDED = Stages((Stage.GRACE, Stage.OFFBOARDING), (Stage.OFFBOARDED,), "Off-boarded.")
_NOT_ENDING = tuple(each for each in Stage if each not in (*ENDING, Stage.OFFBOARDED))
# By the name of the action on a tenant.
STARTS: dict[str, Start] = {
    "offboard": _OFFBOARDED,
    "end_grace": _OFFBOARDED,
    "undo_offboarding": Stages((Stage.RESUMING,), _NOT_ENDING, "It is resumed."),
    "start_over": Stages(
        (Stage.OFFBOARDING,), (Stage.OFFBOARDED,), "The old connection is gone. A new one follows."
    ),
    "import_mappings": Stages(
        (Stage.IMPORTING_MAPPINGS,), (Stage.LOADING, Stage.LIVE), "The mappings are imported."
    ),
    "diagnose": Diagnoses(),
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
    return start.ended(items).order_by("pk")[:MAX_AT_ONCE].iterator()


def _started(again_after: timedelta) -> QuerySet[Any, Any]:
    return BulkItem.objects.filter(status=BulkItemStatus.STARTED).values_list("pk", flat=True)


# Nothing of it can be late: the sweep itself does the work.
sweeps.register(sweeps.Sweep("started", (), _started, settle))
