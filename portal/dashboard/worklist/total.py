"""How many rows the worklist has, for the menu of every page. It is the same for all who see it."""

from django.core.cache import cache
from django.utils import timezone

from portal.dashboard.worklist import reading
from portal.dashboard.worklist.wanted import Wanted
from portal.menu_count import Count
from tenants.batching import Asking, batched

KEPT_SECONDS = 10  # in each process, since it looks at the fleet
_KEY = "worklist-total"


@batched
def total() -> Asking[int]:
    """Return the number, at most KEPT_SECONDS old."""
    kept: int | None = cache.get(_KEY)
    if kept is not None:
        return kept
    counted = yield from reading.counts.asking(Wanted(), "", timezone.now())
    number = sum(rows for _, rows in counted)
    keep(number)
    return number


def keep(number: int) -> None:
    """Keep a number that was read a moment ago."""
    cache.set(_KEY, number, KEPT_SECONDS)


def of_worklist(number: int) -> Count:
    """Return the number as the menu shows it, which the open worklist and dashboard renew."""
    return Count(number, "to look at", "bad", "menu-count-worklist")
