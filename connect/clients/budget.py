"""Heroku's call budget: how many calls are left, and who may still call."""

import os
import time
from datetime import datetime, timedelta

from django.utils import timezone

from connect.models import ApiBudget
from tenants import sweeps

PEER = "heroku"  # the key of ApiBudget

# Heroku Platform API: 4,500 calls an hour for the account; about 75 are added each minute.
BUDGET = 4500
REFILL_PER_MINUTE = 75
RESERVE = 500  # kept for provisioning
RESERVE_PAUSE = timedelta(seconds=60)
RECORD_INTERVAL = 5.0  # seconds between two stored budgets, in one process


def calls_left(budget: ApiBudget, now: datetime) -> int:
    """Return the calls left now: the stored number plus those added since."""
    if sweeps.is_future(budget.seen_at, now):
        return BUDGET
    minutes = max(now - budget.seen_at, timedelta()) / timedelta(minutes=1)
    refilled = min(BUDGET, budget.remaining + int(minutes * REFILL_PER_MINUTE))
    # What Heroku itself reported counts, also where it is more than BUDGET.
    return max(budget.remaining, refilled)


def left(now: datetime) -> int | None:
    """Return the calls that Heroku still takes now, as every page shows them; None if unknown."""
    budget = ApiBudget.objects.filter(peer=PEER).first()
    return None if budget is None else calls_left(budget, now)


def allows_background_work() -> bool:
    """Return whether work other than provisioning may call Heroku now."""
    calls = left(timezone.now())
    return calls is None or calls >= RESERVE


class BudgetRecorder:
    """Stores the remaining budget for all workers, without a write for each call."""

    def __init__(self) -> None:
        self._pid = 0
        self._at = 0.0
        self._remaining = 0

    def record(self, remaining: int) -> None:
        """Store it if the last stored value is old, of another process, or above the reserve."""
        # A forked worker inherits these fields, but has not stored anything itself.
        fresh = self._pid == os.getpid() and time.monotonic() - self._at < RECORD_INTERVAL
        # The other workers have to stop their background work at once.
        dropped = remaining < RESERVE <= self._remaining
        if fresh and not dropped:
            return
        self._pid, self._at, self._remaining = os.getpid(), time.monotonic(), remaining
        ApiBudget.objects.bulk_create(
            [ApiBudget(peer=PEER, remaining=remaining, seen_at=timezone.now())],
            update_conflicts=True,
            unique_fields=["peer"],
            update_fields=["remaining", "seen_at"],
        )


recorder = BudgetRecorder()
