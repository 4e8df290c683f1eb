"""Connections by the word of their badge, as SQL: the same rule as connect.standing.judging.

What is wrong with live connections is read as sets of keys, one for each word, because each set is
small as long as most connections are well. Most sets have an index; what has not been sampled for
long is found without one. Among many connections each set is read once (connect.health.worst).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, Value, When

from connect.health import conditions, severity
from connect.health.severity import Keys
from connect.health.worst import Worst
from connect.health.worst import worst as worst_of
from connect.models import (
    Connection,
    Drift,
    DriftState,
    Stage,
    WaitingOn,
)
from connect.standing.words import OF_CONDITION, OF_LIVE, Word
from tenants import batching
from tenants.batching import Asking, Sql, batched

_BLOCKED = Q(blocked_at__isnull=False)
TO_AUTHORIZE_AGAIN = Q(stage=Stage.LOADING, waiting_on=WaitingOn.SUBSCRIBER)
_CONDITIONS = {word: condition for condition, word in OF_CONDITION.items()}
_BY_PLACE = """
SELECT worst.place, count(*) FROM ({}) AS worst
JOIN connect_connection connection ON connection.id = worst.key
WHERE connection.stage = %s AND connection.blocked_at IS NULL
GROUP BY worst.place
"""


def with_word(word: Word, now: datetime) -> Q:
    """Return what selects the connections whose badge says this word."""
    if word == Word.BLOCKED:
        return _BLOCKED
    if word in OF_LIVE:
        return ~_BLOCKED & _with_word_of_live(word, now)
    if word == Word.LOADING:
        return ~_BLOCKED & Q(stage=Stage.LOADING) & ~TO_AUTHORIZE_AGAIN
    return ~_BLOCKED & Q(stage=word.value)


def labels(now: datetime) -> Case:
    """Return what the badge of a connection says as SQL, for files."""
    others = [stage for stage in Stage if stage != Stage.LIVE]
    stages = [When(stage=each, then=Value(str(Word(each.value).label))) for each in others]
    return case_of(now, stages, lambda word: Value(str(word.label)))


def words(now: datetime) -> Case:
    """Return the word of a connection as SQL."""
    stages = [When(~Q(stage=Stage.LIVE), then=F("stage"))]
    return case_of(now, stages, lambda word: Value(word.value))


def case_of(now: datetime, stages: list[When], of: Callable[[Word], Any]) -> Case:
    """Return the value that `of` gives a connection's word, as SQL that asks each thing once.

    `stages` give the value of connections that are on the way or gone. Both return text.
    """
    worst_first = [word for word in reversed(OF_LIVE) if word != Word.LIVE]
    return Case(
        When(_BLOCKED, then=of(Word.BLOCKED)),
        When(TO_AUTHORIZE_AGAIN, then=of(Word.NEEDS_AUTHORIZATION)),
        *stages,
        *(When(pk__in=_keys(word, now), then=of(word)) for word in worst_first),
        default=of(Word.LIVE),
        output_field=CharField(),
    )


@batched
def counts(now: datetime) -> Asking[dict[Word, int]]:
    """Count the current connections by word, those that there are, with three queries.

    Most are live and well. Only the others are judged: the well ones are what is left of all.
    """
    current = Connection.objects.filter(offboarded_at=None).order_by()
    said = worst(now)
    by_stage, places, again = yield (
        current.values_list("stage").annotate(every=Count("*"), blocked=Count("blocked_at")),
        Sql(_BY_PLACE.format(said.text), (*said.params, Stage.LIVE.value), 2),
        batching.count(current.filter(~_BLOCKED & TO_AUTHORIZE_AGAIN)),
    )
    found = dict.fromkeys(Word, 0)
    for stage, number, blocked in by_stage:
        found[Word(stage)] += number - blocked
        found[Word.BLOCKED] += blocked
    moved = [(Word.LIVE, OF_LIVE[place], number) for place, number in places]
    moved.append((Word.LOADING, Word.NEEDS_AUTHORIZATION, batching.number(again)))
    for better, worse, number in moved:
        found[better] -= number
        found[worse] += number
    return {word: number for word, number in found.items() if number}


def worst(now: datetime, least: Word = OF_LIVE[1]) -> Worst:
    """Return the places in OF_LIVE of what is said of live connections that are not well.

    Only words from `least` on are looked for.
    """
    said = OF_LIVE[OF_LIVE.index(least) :]
    return worst_of((OF_LIVE.index(word), _keys(word, now)) for word in said)


def _with_word_of_live(word: Word, now: datetime) -> Q:
    if word == Word.LIVE:
        return Q(stage=Stage.LIVE) & ~Q(pk__in=worst(now).keys())
    found = Q(stage=Stage.LIVE, pk__in=worst(now, word).keys(OF_LIVE.index(word)))
    return found | TO_AUTHORIZE_AGAIN if word == Word.NEEDS_AUTHORIZATION else found


def _keys(word: Word, now: datetime) -> Keys:
    """Return the keys of the connections that something gives this word."""
    found: list[Keys] = []
    if word == Word.DRIFTED:
        found.append(Drift.objects.filter(state=DriftState.DRIFTED).values("connection"))
    if word == Word.RECOVERING:
        found.append(severity.recovering())
    if word == Word.PAUSED:
        found.append(Connection.objects.filter(paused_until__gt=now).order_by().values("pk"))
    if word == Word.UNKNOWN:
        unknown = Connection.objects.filter(stage=Stage.LIVE, health=None)
        found.append(unknown.order_by().values("pk"))
    if word in _CONDITIONS:
        found.append(conditions.keys(_CONDITIONS[word], now))
    return batching.union(*found)
