"""What the fleet as a whole has: a worker, a call budget, a past."""

import random
from datetime import datetime, timedelta

from connect.health import fleet as fleet_health
from connect.models import ApiBudget, BudgetHour, Condition, FleetCondition, HostApp
from portal.models import Heartbeat


def host_apps(many: int, now: datetime) -> None:
    """Store host apps with the keys from 1; the first one may be there."""
    rows = (HostApp(pk=key, name=f"isv-connect-{key}", ready_at=now) for key in range(1, many + 1))
    HostApp.objects.bulk_create(rows, ignore_conflicts=True)


def machinery(many: int, drawn: random.Random, now: datetime) -> None:
    """Store a heartbeat, call budgets, and 30 days of the fleet's conditions."""
    Heartbeat.objects.update_or_create(worker="worker.1:4", defaults={"beat_at": now})
    ApiBudget.objects.update_or_create(peer="heroku", defaults={"remaining": 3912, "seen_at": now})
    quarters = []
    for back in range(30 * 96, 0, -1):
        at = fleet_health.quarter(now) - fleet_health.QUARTER * back
        # Two hours with a Heroku outage lately, and every eighth day.
        outage = 0.09 * many if 32 < back % 768 < 40 else 0.0
        counts = {
            Condition.BROKEN: int(0.009 * many + outage * drawn.uniform(0.8, 1)),
            Condition.NEEDS_AUTHORIZATION: int(0.005 * many),
            Condition.DEGRADED: int(0.004 * many),
            Condition.WORKING: int(0.02 * many * drawn.uniform(0.5, 1.5)),
            Condition.PAUSED: int(0.013 * many),
            Condition.UNKNOWN: int(0.005 * many),
        }
        counts[Condition.HEALTHY] = many - sum(counts.values())
        quarters += [FleetCondition(at=at, condition=c, connections=n) for c, n in counts.items()]
    FleetCondition.objects.bulk_create(quarters)
    _budgets(drawn, now)


def _budgets(drawn: random.Random, now: datetime) -> None:
    """Store what was left of each hour of two days: by day, much is provisioned."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    BudgetHour.objects.bulk_create(
        BudgetHour(
            peer=peer,
            hour=hour - timedelta(hours=back),
            fewest=int(4400 - most * drawn.uniform(0.5, 1) * (1 if 9 < -back % 24 < 18 else 0.1)),
        )
        for peer, most in (("heroku", 2100), ("connect", 3900))
        for back in range(48)
    )
