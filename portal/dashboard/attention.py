"""Tenants that need staff, and why. One list of causes for the dashboard and the filter.

A cause selects current connections. A new one is an entry in CAUSES. What staff snoozed is left out
until its time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from connect.health import conditions
from connect.models import Condition, Connection, DriftState, WaitingOn
from portal import show
from tenants.models import Message, MessageStatus

# By then two reminders were sent and nobody acted.
SILENCE = timedelta(days=5)
# A whole fleet may break at once: the age of this many is looked up, more are only counted.
MAX_JUDGED = 500

_MAIL_IS_LOST = Exists(
    Message.objects.filter(
        tenant=OuterRef("tenant"), status__in=(MessageStatus.BOUNCED, MessageStatus.FAILED)
    )
)


@dataclass(frozen=True)
class Cause:
    """Why somebody has to act. `actions` names buttons: the first one that is legal is offered."""

    name: str
    label: str
    tone: str
    rows: Callable[[datetime], Q]
    since: Any
    why: Callable[[Connection], str]
    actions: tuple[str, ...]

    def connections(self, now: datetime) -> QuerySet[Connection]:
        """Return the current connections with this cause, snoozed ones left out."""
        current = Connection.objects.filter(self.rows(now), offboarded_at=None).order_by()
        return current.exclude(snoozed_until__gt=now)

    def oldest(self, now: datetime, most: int) -> list[tuple[datetime, Connection]]:
        """Return those that wait the longest, with their tenants, each with the time it began."""
        few = self.connections(now).values("pk")[:MAX_JUDGED]
        rows = Connection.objects.filter(pk__in=few).select_related("tenant", "health")
        aged = rows.annotate(since=self.since).order_by("since", "pk")[:most]
        return [(row.since, row) for row in aged]


def _silent(now: datetime) -> Q:
    # Without those who got no e-mail at all: that is a cause of its own.
    waits = Q(waiting_on=WaitingOn.SUBSCRIBER, blocked_at=None)
    return waits & Q(~_MAIL_IS_LOST, stage_since__lt=now - SILENCE)


def _unreachable(now: datetime) -> Q:
    return Q(_MAIL_IS_LOST, waiting_on=WaitingOn.SUBSCRIBER, blocked_at=None)


def _condition(condition: Condition, *actions: str) -> Cause:
    look = show.look(condition)
    return Cause(
        condition.value,
        look.label,
        look.tone,
        # A blocked connection is listed once, under its own cause.
        lambda now: conditions.of_connection(condition, now=now) & Q(blocked_at=None),
        Coalesce(F("health__good_at"), F("live_at"), F("stage_since")),
        lambda row: f"{row.state}: {row.health.reason}",
        actions,
    )


CAUSES: list[Cause] = [
    Cause(
        "blocked",
        "Blocked",
        "bad",
        lambda now: Q(blocked_at__isnull=False),
        F("blocked_at"),
        lambda row: row.blocked_reason,
        ("retry",),
    ),
    _condition(Condition.NEEDS_AUTHORIZATION, "reauthorize"),
    _condition(Condition.BROKEN, "restart"),
    _condition(Condition.DEGRADED),
    Cause(
        "staff",
        "Waiting for staff",
        "wait",
        lambda now: Q(waiting_on=WaitingOn.STAFF, blocked_at=None),
        F("stage_since"),
        lambda row: f"Waiting for {row.waiting_for}.",
        ("approve", "retry"),
    ),
    Cause(
        "drifted",
        "Drifted from its mappings",
        "wait",
        lambda now: Q(drift__state=DriftState.DRIFTED),
        F("drift__since"),
        lambda row: "Its mappings at Heroku Connect differ from those of its version.",
        (),
    ),
    Cause(
        "unreachable",
        "E-mail lost",
        "bad",
        _unreachable,
        F("stage_since"),
        lambda row: (
            f"An e-mail to {row.tenant.admin_email} bounced or failed: correct the address."
        ),
        (),
    ),
    Cause(
        "silent",
        "Subscriber silent",
        "wait",
        _silent,
        F("stage_since"),
        lambda row: f"Waiting for {row.waiting_for}. Reminders sent: {row.reminders_sent}.",
        ("resend",),
    ),
]
