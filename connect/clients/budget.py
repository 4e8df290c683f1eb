"""The budgets of calls to Heroku: how many calls are left, and who may still call.

Each Heroku account has one for the Platform API and one for Heroku Connect. Heroku tells what is
left of the first; it publishes no limit of the second, so the portal counts its own calls and
paces itself as if the limit were the same.
"""

import os
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection as database
from django.utils import timezone

from connect.models import ApiBudget, BudgetHour
from tenants import sweeps
from tenants.batching import Asking, batched

PLATFORM, CONNECT = "heroku", "connect"  # the first part of ApiBudget's key
APIS = {PLATFORM: "Heroku", CONNECT: "Heroku Connect"}

# Heroku Platform API: 4,500 calls an hour for the account; about 75 are added each minute.
BUDGET = 4500
REFILL_PER_MINUTE = 75
RESERVE = 500  # kept for provisioning
RESERVE_PAUSE = timedelta(seconds=60)
KEEP = timedelta(days=30)  # hours
RECORD_INTERVAL = 5.0  # seconds between two stored budgets, in one process
MAX_UNSTORED = 25  # calls that one process has made and not stored yet
_COUNT = """
INSERT INTO connect_apibudget AS known (peer, remaining, seen_at) VALUES (%s, %s, %s)
ON CONFLICT (peer) DO UPDATE SET seen_at = excluded.seen_at, remaining = greatest(0, least(
    %s, known.remaining
        + floor(greatest(extract(epoch FROM excluded.seen_at - known.seen_at), 0) / 60 * %s)::int
    ) - %s)
"""
_NOTE_HOUR = """
INSERT INTO connect_budgethour AS known (peer, hour, fewest) VALUES (%s, %s, %s)
ON CONFLICT (hour, peer) DO UPDATE SET fewest = least(known.fewest, excluded.fewest)
"""


def key(api: str, account: str) -> str:
    """Return the key of an account's budget."""
    return f"{api}:{account}" if account else api


def in_words(peer: str) -> str:
    """Return a budget as a part of a sentence, e.g. "Heroku Connect (account eu)"."""
    api, _, account = peer.partition(":")
    name = APIS.get(api, api)
    return f"{name} (account {account})" if account else name


def calls_left(budget: ApiBudget, now: datetime) -> int:
    """Return the calls left now: the stored number plus those added since."""
    if sweeps.is_future(budget.seen_at, now):
        return BUDGET
    minutes = max(now - budget.seen_at, timedelta()) / timedelta(minutes=1)
    refilled = min(BUDGET, budget.remaining + int(minutes * REFILL_PER_MINUTE))
    # What Heroku itself reported counts, also where it is more than BUDGET.
    return max(budget.remaining, refilled)


def left(now: datetime, api: str = PLATFORM, account: str = "") -> int | None:
    """Return the calls that an account has left now; None if unknown."""
    budget = ApiBudget.objects.filter(peer=key(api, account)).first()
    return None if budget is None else calls_left(budget, now)


@batched
def lowest(now: datetime) -> Asking[tuple[str, int] | None]:
    """Return the budget with the fewest calls left, and how many; None if none is known."""
    (rows,) = yield [ApiBudget.objects.all()]
    found = [(calls_left(each, now), each.peer) for each in rows]
    if not found:
        return None
    calls, peer = min(found)
    return peer, calls


def note_hour(now: datetime) -> None:
    """Note how few calls are left, for this hour's fewest. Runs with each refresh."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    rows = [(each.peer, hour, calls_left(each, now)) for each in ApiBudget.objects.all()]
    with database.cursor() as cursor:
        cursor.executemany(_NOTE_HOUR, rows)


def prune() -> int:
    """Delete old hours; return how many rows went. Runs daily."""
    return BudgetHour.objects.filter(hour__lt=timezone.now() - KEEP).delete()[0]


def spent(budgets: Iterable[ApiBudget], now: datetime) -> list[ApiBudget]:
    """Return the budgets with no more than the reserve for provisioning left."""
    return [each for each in budgets if calls_left(each, now) < RESERVE]


def allows_background_work(account: str = "", apis: Iterable[str] = APIS) -> bool:
    """Return whether work other than provisioning may call these APIs for an account now."""
    now = timezone.now()
    keys = [key(api, account) for api in apis]
    return all(calls_left(row, now) >= RESERVE for row in ApiBudget.objects.filter(peer__in=keys))


class BudgetRecorder:
    """Stores the budgets for all workers, without a write for each call."""

    def __init__(self) -> None:
        self._forget()

    def record(self, account: str, remaining: int) -> None:
        """Store what the Platform API reported, if what is stored is old or above the reserve."""
        peer = key(PLATFORM, account)
        # The other workers have to stop their background work at once.
        dropped = remaining < RESERVE <= self._remaining.get(peer, 0)
        if self._is_fresh(peer) and not dropped:
            return
        self._at[peer], self._remaining[peer] = time.monotonic(), remaining
        ApiBudget.objects.bulk_create(
            [ApiBudget(peer=peer, remaining=remaining, seen_at=timezone.now())],
            update_conflicts=True,
            unique_fields=["peer"],
            update_fields=["remaining", "seen_at"],
        )

    def count(self, account: str) -> None:
        """Count a call to Heroku Connect; several are stored together."""
        peer = key(CONNECT, account)
        is_fresh = self._is_fresh(peer)
        self._made[peer] = made = self._made.get(peer, 0) + 1
        if is_fresh and made < MAX_UNSTORED:
            return
        self._at[peer], self._made[peer] = time.monotonic(), 0
        first = (peer, BUDGET - made, timezone.now())
        with database.cursor() as cursor:
            cursor.execute(_COUNT, (*first, BUDGET, REFILL_PER_MINUTE, made))

    def _is_fresh(self, peer: str) -> bool:
        """Return whether this process has stored a budget a moment ago."""
        # A forked worker inherits the fields, but has not stored or called anything itself.
        if self._pid != os.getpid():
            self._forget()
        return peer in self._at and time.monotonic() - self._at[peer] < RECORD_INTERVAL

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._at: dict[str, float] = {}
        self._remaining: dict[str, int] = {}
        self._made: dict[str, int] = {}


recorder = BudgetRecorder()
