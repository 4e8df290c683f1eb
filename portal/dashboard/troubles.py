"""What is wrong with connections, from worst to least: each kind selects some of the current ones.

The causes of `attention` are made from it, and it counts them all in one pass.
"""

from collections import Counter
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
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from connect.health.worst import Worst
from connect.models import (
    Connection,
    Drift,
    DriftState,
    Incident,
    IncidentStatus,
    Stage,
    WaitingOn,
)
from connect.remedies import DRIFTED, Remedy
from connect.standing import OF_LIVE, TO_AUTHORIZE_AGAIN, TONES, Word, case_of, with_word, worst
from tenants import batching
from tenants.batching import Asking, Sql, batched
from tenants.messages import STAFF_KINDS
from tenants.models import Message, MessageStatus

# By then two reminders were sent and nobody acted.
SILENCE = timedelta(days=5)
_MAIL_IS_LOST = Exists(
    Message.objects.filter(
        tenant=OuterRef("tenant"), status__in=(MessageStatus.BOUNCED, MessageStatus.FAILED)
    ).exclude(kind__in=STAFF_KINDS)
)
# What is recovering needs nobody.
_INCIDENTS = Incident.objects.filter(
    connection=OuterRef("pk"), status=IncidentStatus.OPEN, absent_since=None
).order_by("suspected_at")
_BLOCKED = Q(blocked_at__isnull=False)
_LIVE = Q(stage=Stage.LIVE, blocked_at=None)
_TROUBLED = """
SELECT worst.key, worst.place FROM ({}) AS worst
WHERE worst.place IN ({}) AND (worst.place NOT IN ({}) OR EXISTS (
    SELECT FROM connect_incident incident
    WHERE incident.connection_id = worst.key AND incident.status = %s
    AND incident.absent_since IS NULL
))
"""
_BY_CAUSE = """
SELECT troubled.place, CASE WHEN troubled.place IS NULL THEN rest.cause ELSE '' END, count(*)
FROM (SELECT key, place FROM ({}) AS troubled JOIN ({}) AS live(key) USING (key)) AS troubled
FULL JOIN ({}) AS rest(key, cause) ON rest.key = troubled.key
GROUP BY 1, 2
"""
_BEGAN_AT = Subquery(_INCIDENTS.values("suspected_at")[:1])


@dataclass(frozen=True)
class Trouble:
    """What is wrong with connections: `rows` selects them among the current ones.

    `is_alone`: a badge says it, so what it selects has none of the troubles before it. `remedy` is
    its own, where the badge may say something else for a while, and then names another one.
    """

    name: str
    label: str
    tone: str
    rows: Callable[[datetime], Q]
    since: Any
    why: Callable[[Any], str]
    has_remedy: bool = True
    is_alone: bool = False
    remedy: Remedy | None = None


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
        remedy=DRIFTED,
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


_ALONE = frozenset(each.name for each in TROUBLES if each.is_alone)
_RESTS = tuple(each for each in TROUBLES[1:] if not each.is_alone)


def of_connections(rows: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    """Return connections, off-boarded ones left out, each with its `cause`, "" for none.

    It says the same as the rows of each cause, and is the way to look at a few.
    """
    others = _cause(now)

    def of(word: Word) -> Any:
        if word == Word.BLOCKED:
            return Value(TROUBLES[0].name)
        if word in (Word.UNKNOWN, Word.PAUSED):  # see _unknown and _paused
            return Case(When(Exists(_INCIDENTS), then=Value(word.value)), default=others)
        return Value(word.value) if word.value in _ALONE else others

    stages = [When(~Q(stage=Stage.LIVE), then=others)]
    current = rows.filter(offboarded_at=None)
    found: QuerySet[Any] = current.annotate(cause=case_of(now, stages, of))
    return found


@batched
def counts(rows: QuerySet[Any], now: datetime) -> Asking[dict[str, int]]:
    """Count those of many connections that have a cause, by cause, with three queries."""
    current = rows.filter(offboarded_at=None).order_by()
    live, of_live = current.filter(_LIVE).values("pk").query.sql_with_params()
    rest = current.filter(pk__in=_resting(now)).exclude(_BLOCKED | TO_AUTHORIZE_AGAIN)
    others, of_rest = rest.annotate(cause=_cause(now)).values("pk", "cause").query.sql_with_params()
    said = worst(now)
    text = _BY_CAUSE.format(_troubled(said), live, others)
    params = (*said.params, IncidentStatus.OPEN.value, *of_live, *of_rest)
    blocked, again, found = yield (
        batching.count(current.filter(_BLOCKED)),
        batching.count(current.filter(~_BLOCKED & TO_AUTHORIZE_AGAIN)),
        Sql(text, params, 3),
    )
    counted = Counter({"blocked": batching.number(blocked)})
    counted[Word.NEEDS_AUTHORIZATION.value] = batching.number(again)
    for place, cause, number in found:
        counted[cause if place is None else OF_LIVE[place].value] += number
    return {cause: number for cause, number in counted.items() if cause}


def in_trouble(rows: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    """Return those of many connections that have a cause."""
    keys = Connection.objects.order_by().values("pk")
    blocked, again = keys.filter(_BLOCKED), keys.filter(TO_AUTHORIZE_AGAIN)
    live = keys.filter(_LIVE, pk__in=_keys(now))
    resting = keys.filter(any_of(_RESTS, now), pk__in=_resting(now))
    current = rows.filter(offboarded_at=None)
    found: QuerySet[Any] = current.filter(pk__in=batching.union(blocked, again, live, resting))
    return found


def _keys(now: datetime) -> RawSQL:
    """Return the keys of the live connections whose badge is a cause of its own."""
    said = worst(now)
    text = f"SELECT troubled.key FROM ({_troubled(said)}) AS troubled"  # noqa: S608
    return RawSQL(text, (*said.params, IncidentStatus.OPEN.value))  # noqa: S611


def _troubled(said: Worst) -> str:
    """Return SQL of keys and places: those of _unknown and _paused only with an incident."""
    alone = [place for place, word in enumerate(OF_LIVE) if word.value in _ALONE]
    with_incident = [OF_LIVE.index(word) for word in (Word.UNKNOWN, Word.PAUSED)]
    return _TROUBLED.format(
        said.text, *(", ".join(map(str, some)) for some in (alone, with_incident))
    )


def _resting(now: datetime) -> QuerySet[Any, Any]:
    """Return the keys of all connections with one of _RESTS, and of a few more, by indexes."""
    waiting = Q(waiting_on__in=(WaitingOn.SUBSCRIBER, WaitingOn.STAFF), offboarded_at=None)
    keys = Connection.objects.order_by().filter(waiting).values("pk")
    drifted = Drift.objects.order_by().filter(state=DriftState.DRIFTED).values("connection")
    return batching.union(keys, drifted)


def _cause(now: datetime) -> Case:
    return Case(
        *(When(each.rows(now), then=Value(each.name)) for each in _RESTS),
        default=Value(""),
        output_field=CharField(),
    )


def any_of(troubles: tuple[Trouble, ...], now: datetime) -> Q:
    return reduce(or_, (each.rows(now) for each in troubles))


def worse(trouble: Trouble, now: datetime) -> Q | None:
    """Return what selects the connections with a worse trouble; None if none can have one."""
    if trouble not in _RESTS:
        return None
    badge = _BLOCKED | TO_AUTHORIZE_AGAIN | Q(stage=Stage.LIVE, pk__in=_keys(now))
    before = _RESTS[: _RESTS.index(trouble)]
    return badge | any_of(before, now) if before else badge
