"""What needs staff, and why. One list of causes for the dashboard and the filters of lists.

Most causes select current connections. A tenant is listed once, under its worst cause: the order of
the list is from worst to least. What staff snoozed is left out until its time. Roll-outs that have
paused themselves or hold after their canary group, what waits for a second manager and incidents
without a tenant are causes too. The worklist reads them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from connect import addons
from connect.inventory import compare
from connect.models import (
    Connection,
    Discrepancy,
    DiscrepancyKind,
    Incident,
    IncidentStatus,
    Rollout,
    RolloutEvent,
    RolloutStatus,
)
from connect.remedies import Remedy
from connect.rollouts import approval, waves
from portal import bulk
from portal.dashboard import troubles
from portal.dashboard.cards.links import to_list
from portal.dashboard.troubles import TROUBLES, Trouble
from portal.models import BulkRun
from tenants import timeline
from tenants.models import Tenant, Tended

# A whole fleet may break at once: the age of this many is looked up, more are only counted.
MAX_JUDGED = 500

# Of the portal's own: what staff note about a pause does not make it younger.
_OWN_EVENTS = RolloutEvent.objects.filter(rollout=OuterRef("pk"), actor=timeline.PORTAL)
_LAST_EVENT = _OWN_EVENTS.order_by("-at").values("at")[:1]


def _nothing(row: Any) -> str:
    return ""


def asleep(rows: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    """Return the rows that staff have snoozed."""
    return rows.filter(snoozed_until__gt=now)


def awake(rows: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    """Return the rows that staff have not snoozed."""
    return rows.exclude(snoozed_until__gt=now)


@dataclass(frozen=True)
class Cause:
    """Why somebody has to act on some rows.

    `model` is what the list with the filter "attention" shows: the tenants of connections, else the
    rows themselves. `found` selects all of them, also those that staff snoozed. `since` is when a
    row's trouble began, as SQL. `why` is "" where the connection's standing says it, and then the
    standing also says since when: `since` only finds the oldest. `act` returns the name of a row's
    right action; that of its own `remedy` comes first, or of the standing's if it `has_remedy`.
    """

    name: str
    label: str
    tone: str
    model: type[Model]
    found: Callable[[datetime], QuerySet[Any]]
    since: Any
    why: Callable[[Any], str]
    act: Callable[[Any], str] = _nothing
    has_remedy: bool = False
    remedy: Remedy | None = None
    related: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Callable[[str], "Cause"], tuple[str]]:
        # Its functions cannot be pickled: a snapshot holds its name.
        return named, (self.name,)

    @property
    def url(self) -> str:
        """The list of all rows with this cause."""
        meta = self.model._meta
        return to_list(f"{meta.app_label}_{meta.model_name}", attention=self.name)

    @property
    def judged(self) -> type[Model]:
        """The model of the rows: a tenant is judged by its connection."""
        return Connection if self.model is Tenant else self.model

    def rows(self, now: datetime, *, snoozed: bool = False) -> QuerySet[Any]:
        """Return the rows that need somebody now, or those that staff have snoozed."""
        found = self.found(now)
        if not issubclass(self.judged, Connection | Tended):
            return found.none() if snoozed else found
        return asleep(found, now) if snoozed else awake(found, now)

    def keys(self, now: datetime) -> QuerySet[Any]:
        """Return the keys of what the list shows."""
        return self.rows(now).values("tenant" if self.model is Tenant else "pk")

    def aged(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return rows with the time since they wait, the oldest first; of very many, some."""
        few = rows.order_by().values("pk")[:MAX_JUDGED]
        # Without the condition, which would be judged a second time for each row.
        found = self.judged._default_manager.filter(pk__in=few)
        aged: QuerySet[Any] = found.annotate(since=self.since).order_by("since", "pk")
        return aged


def _of_tenants(trouble: Trouble) -> Cause:
    """Make the cause of one kind of trouble: it leaves out tenants that have a worse one."""

    def rows(now: datetime) -> QuerySet[Connection]:
        found = _current().filter(trouble.rows(now))
        worse = troubles.worse(trouble, now)
        return found.exclude(worse) if worse else found

    return Cause(
        trouble.name,
        trouble.label,
        trouble.tone,
        Tenant,
        rows,
        trouble.since,
        trouble.why,
        has_remedy=trouble.has_remedy,
        remedy=trouble.remedy,
        related=("tenant__owner", "health"),
    )


def _current() -> QuerySet[Connection]:
    return Connection.objects.filter(offboarded_at=None).order_by()


def _paused_by_portal() -> QuerySet[Rollout]:
    return Rollout.objects.filter(status=RolloutStatus.PAUSED, paused_by=timeline.PORTAL)


def _act_on_difference(row: Discrepancy) -> str:
    """Return what an open difference usually needs; the action itself asks whether it may."""
    if row.kind == DiscrepancyKind.MISSING:
        return ""
    is_own = row.kind == DiscrepancyKind.CHANGED or addons.owner_of(row.addon_name)
    return "adopt" if is_own and row.kind != DiscrepancyKind.DOUBLED else "delete_addon"


CAUSES: list[Cause] = [
    Cause(
        "shared",
        "Region or token",
        "bad",
        Incident,
        lambda now: Incident.objects.filter(
            connection=None, status=IncidentStatus.OPEN, absent_since=None
        ),
        F("suspected_at"),
        lambda row: row.text,
        related=("owner",),
    ),
    *map(_of_tenants, TROUBLES),
    Cause(
        "paused_rollout",
        "Roll-out paused itself",
        "bad",
        Rollout,
        lambda now: _paused_by_portal().exclude(pause_reason=waves.HELD_AFTER_CANARY),
        Coalesce(Subquery(_LAST_EVENT), F("created_at")),
        lambda row: row.pause_reason,
        act=lambda row: "resume",
        related=("template", "owner"),
    ),
    Cause(
        "held_rollout",
        "Canary group to be checked",
        "wait",
        Rollout,
        lambda now: _paused_by_portal().filter(pause_reason=waves.HELD_AFTER_CANARY),
        Coalesce(Subquery(_LAST_EVENT), F("created_at")),
        lambda row: row.pause_reason,
        act=lambda row: "resume",
        related=("template", "owner"),
    ),
    Cause(
        "second_start",
        "Waiting for a second manager to start it",
        "wait",
        Rollout,
        lambda now: approval.waiting(),
        Coalesce(Subquery(_LAST_EVENT), F("created_at")),
        lambda row: f"{row.author} made it, and it deletes mapped objects from many tenants.",
        act=lambda row: "start",
        related=("template", "owner"),
    ),
    Cause(
        "approval",
        "Waiting for a second manager",
        "wait",
        BulkRun,
        bulk.unapproved,
        F("created_at"),
        lambda row: f"{row.actor} asked for it. Waiting for {row.waiting_for}.",
        act=lambda row: "approve",
    ),
    Cause(
        "differs_at_heroku",
        "Heroku and the portal differ",
        "bad",
        Discrepancy,
        lambda now: compare.open_discrepancies().order_by(),
        F("found_at"),
        lambda row: row.text,
        act=_act_on_difference,
        related=("tenant", "owner"),
    ),
]


def named(name: str) -> Cause:
    """Return the cause of a name."""
    return next(cause for cause in CAUSES if cause.name == name)


def register(cause: Cause) -> None:
    """Add the cause of an app above this one."""
    CAUSES.append(cause)
