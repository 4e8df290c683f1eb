"""Which tenants need a person today, and why: one list of causes, for the dashboard and the filter.

A cause is a condition on current connections. A later one is a line in CAUSES. What staff snoozed
is left out until then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from connect.health import states
from connect.models import Connection, DriftState, HealthSample, Stage, WaitingOn
from tenants.models import Message, MessageStatus

# By then two reminders are out and nobody moved.
SILENCE = timedelta(days=5)
# A whole fleet may break at once: so many are judged for their age, more are only counted.
MOST_JUDGED = 500

_MAIL_IS_LOST = Exists(
    Message.objects.filter(
        tenant=OuterRef("tenant"), status__in=(MessageStatus.BOUNCED, MessageStatus.FAILED)
    )
)
_LAST_GOOD = Subquery(
    HealthSample.objects.filter(connection=OuterRef("pk"))
    .exclude(state__in=states.broken())
    .order_by("-at")
    .values("at")[:1],
    output_field=DateTimeField(),
)


@dataclass(frozen=True)
class Cause:
    """Why somebody has to act. `actions` name what to press, the first legal one is offered."""

    name: str
    label: str
    tone: str
    rows: Callable[[datetime], Q]
    since: Any
    why: Callable[[Connection], str]
    actions: tuple[str, ...]

    def connections(self, now: datetime) -> QuerySet[Connection]:
        """Return the current connections that it holds for, snoozed ones left out."""
        current = Connection.objects.filter(self.rows(now), offboarded_at=None).order_by()
        return current.exclude(snoozed_until__gt=now)

    def oldest(self, now: datetime, most: int) -> list[tuple[datetime, Connection]]:
        """Return those that wait the longest, with their tenants, each with its beginning."""
        few = self.connections(now).values("pk")[:MOST_JUDGED]
        rows = Connection.objects.filter(pk__in=few).select_related("tenant")
        aged = rows.annotate(since=self.since).order_by("since", "pk")[:most]
        return [(row.since, row) for row in aged]


def _broken(now: datetime) -> Q:
    return Q(stage=Stage.LIVE, state__in=states.broken(), blocked_at=None)


def _silent(now: datetime) -> Q:
    waits = Q(waiting_on=WaitingOn.SUBSCRIBER, blocked_at=None)
    return waits & Q(~_MAIL_IS_LOST, stage_since__lt=now - SILENCE)


def _unreachable(now: datetime) -> Q:
    return Q(_MAIL_IS_LOST, waiting_on=WaitingOn.SUBSCRIBER, blocked_at=None)


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
    Cause(
        "broken",
        "Sync broken",
        "bad",
        _broken,
        Coalesce(_LAST_GOOD, F("live_at"), F("stage_since")),
        lambda row: f"{row.state}: {states.advice(row.state)}",
        ("reauthorize", "restart"),
    ),
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
        lambda row: "Its mappings at Heroku Connect are not those of its version.",
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
