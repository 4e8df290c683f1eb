"""System status: worker, queue, Heroku budget, kill switches."""

from datetime import datetime
from typing import Any

from connect.clients import budget
from portal.dashboard.cards.links import to_list
from portal.project import probes, waiting
from tenants.models import KILL_SWITCHES, Switch

# Below this share of the budget health checks are held back, and staff should know it.
BUDGET_IS_LOW = budget.RESERVE * 2


def read(now: datetime) -> dict[str, Any]:
    """Four queries, and one for each kind of work that may wait."""
    return {
        "worker": _worker(now),
        "queue": _queue(now),
        "budget": _budget(now),
        "switches": _switches(),
    }


def _worker(now: datetime) -> dict[str, Any]:
    age = probes.heartbeat_age(now)
    alive = age is not None and age < probes.WORKER_IS_LATE
    beat_at = now - age if age is not None else None
    return {"alive": alive, "beat_at": beat_at, "url": to_list("portal_heartbeat")}


def _queue(now: datetime) -> dict[str, Any]:
    age, count = waiting.age(now), waiting.length()
    late = count is None or (age is not None and age > waiting.QUEUE_IS_LATE)
    since = now - age if age is not None else None
    return {"count": count, "since": since, "late": late, "url": to_list("django_q_ormq")}


def _budget(now: datetime) -> dict[str, Any]:
    found = budget.lowest(now)
    left = found[1] if found else None
    return {
        "peer": budget.in_words(found[0]) if found else "Heroku",
        "left": left,
        "whole": budget.BUDGET,
        "low": left is not None and left < BUDGET_IS_LOW,
        "url": to_list("connect_apibudget"),
    }


def _switches() -> list[dict[str, Any]]:
    rows = {switch.name: switch for switch in Switch.objects.all()}
    return [
        {"label": known.label, "off": name in rows and not rows[name].on, "row": rows.get(name)}
        for name, known in KILL_SWITCHES.items()
    ]
