"""What is wrong with connections, from worst to least: each kind selects some of the current ones.

The causes of `attention` are made from it, and it counts them all in one pass.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from connect.models import Connection, DriftState, Incident, IncidentStatus, Stage, WaitingOn
from connect.standing import TONES, Word, case_of, not_well, with_word
from tenants.messages import STAFF_KINDS
from tenants.models import Message, MessageStatus

# By then two reminders were sent and nobody acted.
SILENCE = timedelta(days=5)
_MAIL_IS_LOST = Exists(
    Message.objects.filter(
        tenant=OuterRef("tenant"), status__in=(MessageStatus.BOUNCED, MessageStatus.FAILED)
    ).exclude(kind__in=STAFF_KINDS)
)
_INCIDENTS = Incident.objects.filter(
    connection=OuterRef("pk"), status=IncidentStatus.OPEN
).order_by("suspected_at")
_BEGAN_AT = Subquery(_INCIDENTS.values("suspected_at")[:1])


@dataclass(frozen=True)
class Trouble:
    """What is wrong with connections: `rows` selects them among the current ones.

    `is_alone`: what it selects has none of the troubles before it, so they need not be left out.
    """

    name: str
    label: str
    tone: str
    rows: Callable[[datetime], Q]
    since: Any
    why: Callable[[Any], str]
    has_remedy: bool = True
    is_alone: bool = False


def _silent(now: datetime) -> Q:
    return Q(waiting_on=WaitingOn.SUBSCRIBER, stage_since__lt=now - SILENCE)


def _unreachable(now: datetime) -> Q:
    return Q(_MAIL_IS_LOST, waiting_on=WaitingOn.SUBSCRIBER)


def _unknown(now: datetime) -> Q:
    # One that was only not looked at lately, or whose region is away, needs nothing of its own.
    return with_word(Word.UNKNOWN, now) & Q(Exists(_INCIDENTS))


def _paused(now: datetime) -> Q:
    # A pause alone needs nothing; an incident behind it does.
    return with_word(Word.PAUSED, now) & Q(Exists(_INCIDENTS))


def _is(word: Word, rows: Callable[[datetime], Q] | None = None) -> Trouble:
    """Make the trouble of live connections whose badge says this word."""
    return Trouble(
        word.value,
        str(word.label),
        TONES[word],
        rows or (lambda now: with_word(word, now)),
        Coalesce(_BEGAN_AT, F("health__since"), F("stage_since")),
        lambda row: "",
        is_alone=True,  # a connection has one word
    )


TROUBLES = (
    Trouble(
        "blocked",
        "Blocked",
        "bad",
        lambda now: Q(blocked_at__isnull=False),
        Coalesce("trouble_since", "blocked_at"),
        lambda row: "",
    ),
    _is(Word.NEEDS_AUTHORIZATION),
    _is(Word.BROKEN),
    _is(Word.UNKNOWN, _unknown),
    _is(Word.PAUSED, _paused),
    _is(Word.DEGRADED),
    _is(Word.RECOVERING),
    Trouble(
        "unreachable",
        "E-mail lost",
        "bad",
        _unreachable,
        F("stage_since"),
        lambda row: (
            f"An e-mail to {row.tenant.admin_email} bounced or failed: correct the address."
        ),
        # The remedy of its stage would send the next mail to the same address.
        has_remedy=False,
    ),
    Trouble(
        "staff",
        "Waiting for staff",
        "wait",
        lambda now: Q(waiting_on=WaitingOn.STAFF),
        F("stage_since"),
        lambda row: f"Waiting for {row.waiting_for}.",
    ),
    Trouble(
        "drifted",
        "Drifted from its mappings",
        "wait",
        lambda now: Q(drift__state=DriftState.DRIFTED),
        F("drift__since"),
        lambda row: "Its mappings at Heroku Connect differ from those of its version.",
    ),
    Trouble(
        "silent",
        "Subscriber silent",
        "wait",
        _silent,
        F("stage_since"),
        lambda row: f"Waiting for {row.waiting_for}. Reminders sent: {row.reminders_sent}.",
    ),
)


def of_connections(rows: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    """Return connections, off-boarded ones left out, each with its `cause`, "" for none.

    It says the same as the rows of each cause. It asks each thing once for all causes, so it is the
    way to count, or to look at a few; the rows of one cause have indexes.
    """
    first, rest = TROUBLES[0], [each for each in TROUBLES[1:] if not each.is_alone]
    alone = {each.name for each in TROUBLES if each.is_alone}
    others = Case(
        *(When(each.rows(now), then=Value(each.name)) for each in rest),
        default=Value(""),
        output_field=CharField(),
    )

    def of(word: Word) -> Any:
        if word == Word.BLOCKED:
            return Value(first.name)
        if word in (Word.UNKNOWN, Word.PAUSED):  # see _unknown and _paused
            return Case(When(Exists(_INCIDENTS), then=Value(word.value)), default=others)
        return Value(word.value) if word.value in alone else others

    stages = [When(~Q(stage=Stage.LIVE), then=others)]
    current = rows.filter(offboarded_at=None)
    found: QuerySet[Any] = current.annotate(cause=case_of(now, stages, of))
    return found


def in_trouble(rows: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    """Return those of many connections that have a cause, each with its `cause`."""
    return of_connections(rows.filter(pk__in=_suspects(now)), now).exclude(cause="")


def _suspects(now: datetime) -> QuerySet[Any, Any]:
    """Return the keys of all connections with a cause, and of a few more, by their indexes."""
    rows = Connection.objects.order_by().values("pk")
    waiting = rows.filter(
        waiting_on__in=(WaitingOn.SUBSCRIBER, WaitingOn.STAFF), offboarded_at=None
    )
    return not_well(now).union(rows.filter(blocked_at__isnull=False), waiting)


def any_of(troubles: tuple[Trouble, ...], now: datetime) -> Q:
    return reduce(or_, (each.rows(now) for each in troubles))
