"""How staff act on a discrepancy: one at a time, asked again, looked at again, noted."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from connect.clients import http
from connect.models import Discrepancy
from connect.operations import base
from connect.operations.base import Busy, Failed, OperationOutcome, Report, Skip
from tenants import leases, timeline
from tenants.leases import Lease, LostLease
from tenants.models import EventKind

HAS_ENDED = "it has ended"


@dataclass(frozen=True)
class Act:
    """`run` does it and returns a sentence; it raises Skip, Failed, Busy or a RemoteError."""

    label: str
    refusal: Callable[[Discrepancy], str]
    run: Callable[[Discrepancy, str, Mapping[str, Any]], str]


def perform(act: Act, found_id: int, actor: str, options: Mapping[str, Any]) -> Report:
    """Do it, and end the discrepancy when it is done. Raises Busy."""
    with _held(found_id) as found:
        report = _report(act, found, actor, options)
        if report.outcome == OperationOutcome.DONE:
            end(found, f"{report.text} By {actor}.")
        if found.tenant_id:
            timeline.note(found.tenant_id, EventKind.STAFF_ACTION, report.text, actor=actor)
    return report


def end(found: Discrepancy, outcome: str) -> None:
    """Store that a discrepancy is over, and why."""
    found.ended_at, found.outcome = timezone.now(), outcome
    found.save(update_fields=["ended_at", "outcome", "tenant", "row"])


def _report(act: Act, found: Discrepancy, actor: str, options: Mapping[str, Any]) -> Report:
    label = f"{act.label} {found.addon_name}"
    if why := HAS_ENDED if found.ended_at else act.refusal(found):
        return base.skipped(label, why)
    try:
        return Report(OperationOutcome.DONE, f"{label}: {act.run(found, actor, options)}")
    except Skip as skip:
        return base.skipped(label, str(skip))
    except Failed as failure:
        return base.failed(label, str(failure))
    except http.RemoteError as error:
        return base.failed(label, error.words)


@contextmanager
def _held(found_id: int) -> Iterator[Discrepancy]:
    """Keep others from acting on it."""
    mine = Discrepancy.objects.filter(pk=found_id)
    key = leases.take(mine)
    if key is None:
        raise Busy("Somebody else is acting on it. Try again in a minute.")
    held = Lease(mine.select_related("tenant", "row__tenant", "host_app").get(), key)
    try:
        yield held.row
    finally:
        with suppress(LostLease):
            held.release()
