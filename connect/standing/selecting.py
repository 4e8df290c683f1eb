"""Connections by the word of their badge, as SQL: the same rule as connect.standing.judging.

What is wrong with live connections is read as sets of keys, one for each word, because each set is
small as long as most connections are well. Most sets have an index; what has not been sampled for
long is found without one.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, Value, When

from connect.health import conditions, severity
from connect.health.severity import Keys
from connect.models import (
    Connection,
    Drift,
    DriftState,
    Stage,
    WaitingOn,
)
from connect.standing.words import OF_CONDITION, OF_LIVE, Word
from tenants.batching import Asking, batched

_BLOCKED = Q(blocked_at__isnull=False)
_TO_AUTHORIZE_AGAIN = Q(stage=Stage.LOADING, waiting_on=WaitingOn.SUBSCRIBER)
_CONDITIONS = {word: condition for condition, word in OF_CONDITION.items()}


def with_word(word: Word, now: datetime) -> Q:
    """Return what selects the connections whose badge says this word."""
    if word == Word.BLOCKED:
        return _BLOCKED
    if word in OF_LIVE:
        return ~_BLOCKED & _with_word_of_live(word, now)
    if word == Word.LOADING:
        return ~_BLOCKED & Q(stage=Stage.LOADING) & ~_TO_AUTHORIZE_AGAIN
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
        When(_TO_AUTHORIZE_AGAIN, then=of(Word.NEEDS_AUTHORIZATION)),
        *stages,
        *(When(pk__in=_keys(word, now), then=of(word)) for word in worst_first),
        default=of(Word.LIVE),
        output_field=CharField(),
    )


@batched
def counts(now: datetime) -> Asking[dict[Word, int]]:
    """Count the current connections by word, those that there are, with one query.

    Most are live and well. Only the others are judged: the well ones are what is left of all.
    """
    current = Connection.objects.filter(offboarded_at=None).order_by()
    judged = current.filter(pk__in=_not_plainly_live(now)).annotate(word=words(now))
    live = current.filter(stage=Stage.LIVE).annotate(word=Value(""))
    grouped = [each.values_list("stage", "word").annotate(Count("pk")) for each in (judged, live)]
    (found,) = yield [grouped[0].union(grouped[1], all=True)]
    by_word = dict.fromkeys(Word, 0)
    for stage, word, count in found:
        by_word[Word(word or Word.LIVE)] += count
        if word and stage == Stage.LIVE:
            by_word[Word.LIVE] -= count
    return {word: count for word, count in by_word.items() if count}


def not_well(now: datetime) -> Keys:
    """Return the keys of all live connections that are not well, and of a few more."""
    first, *others = (_keys(word, now) for word in OF_LIVE if word != Word.LIVE)
    return first.union(*others)


def _not_plainly_live(now: datetime) -> Keys:
    rows = Connection.objects.order_by().values("pk")
    return not_well(now).union(rows.exclude(stage=Stage.LIVE), rows.filter(_BLOCKED))


def _with_word_of_live(word: Word, now: datetime) -> Q:
    found = Q(stage=Stage.LIVE)
    if word != Word.LIVE:
        found &= Q(pk__in=_keys(word, now))
    for worse in OF_LIVE[OF_LIVE.index(word) + 1 :]:
        found &= ~Q(pk__in=_keys(worse, now))
    return found | _TO_AUTHORIZE_AGAIN if word == Word.NEEDS_AUTHORIZATION else found


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
    return found[0].union(*found[1:]) if len(found) > 1 else found[0]
