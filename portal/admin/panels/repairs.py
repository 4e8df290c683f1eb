"""The failed writes of one cause and the results of their repairs, on its page."""

from typing import Any

from django.db import DatabaseError
from django.db.models import QuerySet
from django.urls import reverse

from connect.models import RepairResult, WriteError, WriteRepair
from connect.schemas import BadSchemaName
from connect.write_errors import repair_counts, trigger_log
from portal import show

MAX_REPAIRS = 50
MAX_COUNTED = 10_000
FOLLOWED, ENDED = 5, 0  # seconds between refreshes; 0: no refresh
_TONES = {
    RepairResult.IN_PROGRESS: show.BUSY,
    RepairResult.ARRIVED: show.GOOD,
    RepairResult.OTHER_VALUES: show.WAIT,
    RepairResult.FAILED: show.BAD,
    RepairResult.MERGED: show.MUTED,
    RepairResult.IGNORED: show.MUTED,
    RepairResult.READONLY: show.BAD,
    RepairResult.SKIPPED: show.WAIT,
    RepairResult.UNKNOWN: show.WAIT,
}
# What is left to do after each result; nothing after the others.
WHAT_TO_DO = {
    RepairResult.FAILED: "Write error: Retry",
    RepairResult.READONLY: "Write error: Ignore",
    RepairResult.SKIPPED: "Write error: Ignore",
    RepairResult.OTHER_VALUES: "Look at the record in Salesforce",
    RepairResult.UNKNOWN: "Look at the record in Salesforce",
}


def badge(repair: WriteRepair) -> str:
    """Return the result of a repair as a coloured word."""
    result = RepairResult(repair.result)
    return show.badge(result.label, _TONES[result])


def what_to_do(repair: WriteRepair) -> str:
    """Return what is left to do after a repair, or ""."""
    return WHAT_TO_DO.get(RepairResult(repair.result), "")


def of_error(pk: int | str) -> QuerySet[WriteRepair]:
    """Return the repairs of a cause's writes, even after the cause has gone."""
    return WriteRepair.objects.filter(error_id=pk)


def context(pk: int, error: WriteError | None) -> dict[str, Any]:
    """Return what the page shows; `error` is None when no failed write is left."""
    # Asked first: a repair that ends in between is shown as ended only by the next refresh.
    in_progress = of_error(pk).filter(ended_at=None).exists()
    repairs = list(_shown(pk, error)[:MAX_REPAIRS])
    return {
        "gone": "" if error else result_of(pk),
        "again_url": _address_of(again(pk)) if error is None else "",
        "failed_again": any(each.result == RepairResult.FAILED for each in repairs),
        "rows": _rows(error) if error else [],
        "most": trigger_log.MAX_ROWS,
        "repairs": [(each, badge(each), what_to_do(each)) for each in repairs],
        "live_url": reverse("admin:connect_writeerror_live", args=[pk]),
        "list_url": reverse("admin:connect_writeerror_changelist"),
        "every": FOLLOWED if error or in_progress else ENDED,
    }


def result_of(pk: int) -> str:
    """Return a sentence on a cause without failed writes in the list."""
    repairs = list(of_error(pk)[:MAX_COUNTED])
    if not repairs:
        return "No failed write of this cause is left."
    last = repairs[0]
    where = "is in the list again" if again(pk) else "has left the list"
    words = repair_counts.in_words(repairs)
    return f"{last.table_name}: {last.cause} {where}. Its writes: {words}."


def again(pk: int) -> WriteError | None:
    """Return the row of a cause that had gone and came back."""
    last = of_error(pk).first()
    if last is None:
        return None
    same = WriteError.objects.filter(
        connection=last.connection_id, table_name=last.table_name, cause=last.cause
    )
    return same.first()


def _address_of(error: WriteError | None) -> str:
    return reverse("admin:connect_writeerror_change", args=[error.pk]) if error else ""


def _shown(pk: int, error: WriteError | None) -> QuerySet[WriteRepair]:
    if error is None:
        return of_error(pk)
    return error.connection.repairs.filter(table_name=error.table_name, cause=error.cause)


def _rows(error: WriteError) -> list[trigger_log.FailedWrite]:
    """Return the writes of a cause; none if the schema no longer exists."""
    try:
        return trigger_log.rows(error.connection, error.table_name, error.cause)
    except (DatabaseError, BadSchemaName):
        return []
