"""Connections by the word of their badge, as SQL: the same rule as connect.standing.judging."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from connect.health import conditions
from connect.models import (
    DriftState,
    Incident,
    IncidentStatus,
    Stage,
    WaitingOn,
    WriteError,
)
from connect.standing.problems import SEVERITY
from connect.standing.words import OF_CONDITION, OF_LIVE, Word

_NOT_BLOCKED = Q(blocked_at=None)
_TO_AUTHORIZE_AGAIN = Q(stage=Stage.LOADING, waiting_on=WaitingOn.SUBSCRIBER)


def with_word(word: Word, now: datetime) -> Q:
    """Return what selects the connections whose badge says this word."""
    if word == Word.BLOCKED:
        return Q(blocked_at__isnull=False)
    if word in OF_LIVE:
        return _NOT_BLOCKED & _with_word_of_live(word, now)
    if word == Word.LOADING:
        return _NOT_BLOCKED & Q(stage=Stage.LOADING) & ~_TO_AUTHORIZE_AGAIN
    return _NOT_BLOCKED & Q(stage=word.value)


def _with_word_of_live(word: Word, now: datetime) -> Q:
    rank = OF_LIVE.index(word)
    live = Q(stage=Stage.LIVE)
    if rank > 0:
        live &= _at_least(rank, now)
    if rank + 1 < len(OF_LIVE):
        live &= ~_at_least(rank + 1, now)
    return live | _TO_AUTHORIZE_AGAIN if word == Word.NEEDS_AUTHORIZATION else live


def _at_least(rank: int, now: datetime) -> Q:
    """Return what selects the live connections whose word is this one or a worse one."""
    worse = OF_LIVE[rank:]
    states = [each for each, word in OF_CONDITION.items() if word in worse]
    found = conditions.of_health(*states, now=now, path="health__") | _incidents(worse)
    if Word.DEGRADED in worse:
        found |= Q(Exists(WriteError.objects.filter(connection=OuterRef("pk"))))
    if Word.PAUSED in worse:
        found |= Q(paused_until__gt=now)
    if Word.DRIFTED in worse:
        found |= Q(drift__state=DriftState.DRIFTED)
    return found


def _incidents(worse: tuple[Word, ...]) -> Q:
    kinds = [kind for kind, word in SEVERITY.items() if word in worse]
    opened = Incident.objects.filter(status=IncidentStatus.OPEN, kind__in=kinds).order_by()
    own = opened.filter(connection=OuterRef("pk"))
    regional = opened.filter(connection=None).filter(
        Q(region_url="") | Q(region_url=OuterRef("region_url"))
    )
    return Q(Exists(own)) | Q(Exists(regional))
