"""System status: worker, queue, Heroku budget, kill switches."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from connect.clients import budget
from portal.dashboard.cards.links import to_list
from portal.project import probes, waiting
from portal.project.waiting import Since
from tenants.batching import Asking, batched, gather
from tenants.models import KILL_SWITCHES, Switch

# Soon all that is not provisioning is held back, and staff should know it.
BUDGET_IS_LOW = budget.RESERVE * 2


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """Four queries, and one for each kind of work that may wait."""
    waits, beat, length, lowest, switches = yield from gather(
        waiting.oldest.asking(now),
        probes.heartbeat.asking(),
        waiting.length.asking(),
        budget.lowest.asking(now),
        Switch.objects.all(),
    )
    return {
        "worker": _worker(beat, waits),
        "queue": _queue(length, waits),
        "budget": _budget(lowest),
        "switches": _switches(switches),
    }


def _worker(beat: Since | None, waits: Since | None) -> dict[str, Any]:
    alive = not probes.is_late(beat.age if beat else None, waits.age if waits else None)
    beat_at = beat.at if beat else None
    return {"alive": alive, "beat_at": beat_at, "url": to_list("portal_heartbeat")}


def _queue(count: int | None, waits: Since | None) -> dict[str, Any]:
    late = count is None or (waits is not None and waits.age > waiting.QUEUE_IS_LATE)
    since = waits.at if waits else None
    return {"count": count, "since": since, "late": late, "url": to_list("django_q_ormq")}


def _budget(found: tuple[str, int] | None) -> dict[str, Any]:
    left = found[1] if found else None
    return {
        "peer": budget.in_words(found[0]) if found else "Heroku",
        "left": left,
        "whole": budget.BUDGET,
        "low": left is not None and left < BUDGET_IS_LOW,
        "url": to_list("connect_apibudget"),
    }


def _switches(stored: Iterable[Switch]) -> list[dict[str, Any]]:
    rows = {switch.name: switch for switch in stored}
    return [
        {"label": known.label, "off": name in rows and not rows[name].on, "row": rows.get(name)}
        for name, known in KILL_SWITCHES.items()
    ]
