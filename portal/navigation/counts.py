"""The counts beside the entries of the menu: one query for the lists, one count of the worklist."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from django.db.models import QuerySet

from connect.models import Incident, IncidentStatus, Rollout, RolloutStatus, WriteError
from portal.dashboard.worklist.total import total
from portal.models import BulkRun
from tenants.models import Switch, Tenant

MAX_COUNTED = 1000  # rows that are counted: a menu need not be exact above that
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


@dataclass(frozen=True)
class Count:
    """A number beside an entry."""

    number: int
    word: str
    tone: str

    @property
    def shown(self) -> str:
        return f"{MAX_COUNTED - 1}+" if self.number >= MAX_COUNTED else str(self.number)


def counts(user: User | AnonymousUser) -> dict[str, Count]:
    """Return the counts that a user may see, by model or view; a count of 0 is left out."""
    found = _of_lists(user)
    if user.has_perm("tenants.view_tenant"):
        found["worklist"] = Count(total(), "to look at", "bad")
    return {name: count for name, count in found.items() if count.number}


def _of_lists(user: User | AnonymousUser) -> dict[str, Count]:
    seen = {label: each for label, each in COUNTED.items() if user.has_perm(each.permission)}
    numbers = _count([each.rows() for each in seen.values()])
    return {
        label: Count(number, each.word, each.tone)
        for (label, each), number in zip(seen.items(), numbers, strict=True)
    }


def _count(many: list[QuerySet[Any]]) -> list[int]:
    if not many:
        return []
    limited = [rows.order_by().values("pk")[:MAX_COUNTED].query.sql_with_params() for rows in many]
    columns = ", ".join(f"(SELECT count(*) FROM ({sql}) AS few)" for sql, _ in limited)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", [value for _, given in limited for value in given])
        return list(cursor.fetchone())
