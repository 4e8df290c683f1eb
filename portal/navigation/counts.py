"""The counts beside the entries of the menu, asked with the page's other questions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from connect.models import Incident, IncidentStatus, Rollout, RolloutStatus, WriteError
from portal import menu_count
from portal.dashboard.worklist.total import of_worklist, total
from portal.menu_count import Count
from portal.models import BulkRun
from portal.questions import Answer, later
from tenants.batching import count_up_to
from tenants.models import Switch, Tenant

_UNDER_WAY = (
    RolloutStatus.CHECKING,
    RolloutStatus.READY,
    RolloutStatus.RUNNING,
    RolloutStatus.PAUSED,
)


@dataclass(frozen=True)
class Counted:
    """Which rows of a model are counted, and what is said of their number, e.g. "3 open"."""

    rows: Callable[[], QuerySet[Any]]
    word: str
    permission: str
    tone: str = "muted"


COUNTED: dict[str, Counted] = {
    "tenants.Tenant": Counted(
        lambda: Tenant.objects.filter(offboarded_at=None), "current", "tenants.view_tenant"
    ),
    "connect.Incident": Counted(
        lambda: Incident.objects.filter(status=IncidentStatus.OPEN),
        "open",
        "connect.view_incident",
        "bad",
    ),
    "connect.WriteError": Counted(
        lambda: WriteError.objects.filter(failed__gt=0),
        "not repaired",
        "connect.view_writeerror",
        "wait",
    ),
    "connect.Rollout": Counted(
        lambda: Rollout.objects.filter(status__in=_UNDER_WAY), "under way", "connect.view_rollout"
    ),
    "portal.BulkRun": Counted(
        lambda: BulkRun.objects.filter(finished_at=None), "under way", "portal.view_bulkrun"
    ),
    "tenants.Switch": Counted(
        lambda: Switch.objects.filter(on=False), "off", "tenants.view_switch", "bad"
    ),
}


def ask(request: HttpRequest) -> Answer:
    """Ask, with the page's other questions, for the counts that its reader may see.

    The answer is a dict by model or view; a count of 0 is left out, unless the open page renews it.
    """
    if not hasattr(request, "menu_counts"):
        request.menu_counts = _asked(request)  # type: ignore[attr-defined]
    answer: Answer = request.menu_counts  # type: ignore[attr-defined]
    return answer


def _asked(request: HttpRequest) -> Answer:
    user = request.user
    seen = {label: each for label, each in COUNTED.items() if user.has_perm(each.permission)}
    numbers = {
        label: later(request, count_up_to.asking(each.rows(), menu_count.MAX_COUNTED))
        for label, each in seen.items()
    }
    sees_worklist = user.has_perm("tenants.view_tenant")
    attention = later(request, total.asking()) if sees_worklist else None

    def answer() -> dict[str, Count]:
        found = {
            label: Count(number(), seen[label].word, seen[label].tone)
            for label, number in numbers.items()
        }
        if attention:
            found["worklist"] = of_worklist(attention())
        return {name: count for name, count in found.items() if count.number or count.part}

    return answer
