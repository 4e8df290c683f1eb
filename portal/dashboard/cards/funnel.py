"""Tenants by the word of their badge: on the way, live and well, in trouble, gone."""

from datetime import datetime
from typing import Any

from connect import standing
from connect.standing import TONES, Word
from portal.dashboard.cards.links import tenants
from portal.dashboard.charts import Bar, BarChart, rows
from tenants import batching
from tenants.batching import Asking, batched, gather
from tenants.models import Tenant

Counted = dict[Word, int]


@batched
def read(now: datetime, counted: Counted | None = None) -> Asking[dict[str, Any]]:
    """Four queries, or none if it is counted."""
    counts = counted or (yield from _counts(now))
    total = sum(number for word, number in counts.items() if word != Word.OFFBOARDED)
    return {"chart": _chart(counts), "total": total, "counted": counts}


def _counts(now: datetime) -> Asking[Counted]:
    # Tenants, not connections: one that has started over has several off-boarded connections.
    offboarded = batching.count(Tenant.objects.filter(offboarded_at__isnull=False))
    counts, gone = yield from gather(standing.counts.asking(now), offboarded)
    return {**counts, Word.OFFBOARDED: batching.number(gone)}


def _chart(counts: dict[Word, int]) -> BarChart:
    present = [word for word in Word if counts.get(word)]
    return rows("Tenants by standing", [_bar(word, counts[word]) for word in present])


def _bar(word: Word, count: int) -> Bar:
    address = tenants(standing=word.value)
    return Bar(label=str(word.label), value=count, url=address, tone=TONES[word])
