"""How many rows the worklist has, for the menu of every page. It is the same for all who see it."""

from django.core.cache import cache
from django.utils import timezone

from portal.dashboard.worklist import reading
from portal.dashboard.worklist.wanted import Wanted

KEPT_SECONDS = 10  # in each process, since it looks at the fleet
_KEY = "worklist-total"


def total() -> int:
    """Return the number, at most KEPT_SECONDS old."""
    return int(cache.get_or_set(_KEY, _count, KEPT_SECONDS) or 0)


def keep(number: int) -> None:
    """Keep a number that was read a moment ago."""
    cache.set(_KEY, number, KEPT_SECONDS)


def _count() -> int:
    return sum(number for _, number in reading.counts(Wanted(), "", timezone.now()))
