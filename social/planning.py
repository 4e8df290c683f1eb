"""Planning the searches: which handles share a query, and the post ids between which to search.

All handles of a run are searched up to the same post id. Afterwards they have the same cursor, with
or without results, and can share a query again.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

from django.conf import settings
from django.utils import timezone

from social import handles, x
from social.models import Search


def plan(cursors: Mapping[str, int | None], *, recount: bool) -> list[Search]:
    """Plan the searches for handles with these cursors. Handles with one cursor share searches."""
    now = timezone.now()
    until, floor = x.id_at(now - x.INDEXING_DELAY), x.id_at(now - x.WINDOW)
    midnight = x.id_at(_midnight(now))
    groups: dict[int, list[str]] = defaultdict(list)
    for name, cursor in sorted(cursors.items()):
        # Never later than the cursor, or posts after it would be passed over.
        since = min(cursor or 0, midnight - 1) if recount else cursor or 0
        # A cursor that X's window has left behind would be refused.
        groups[max(since, floor)].append(name)
    return [
        Search(handles=batch, since_id=since, until_id=until)
        for since, names in sorted(groups.items())
        if since < until - 1
        for batch in handles.batches(names, settings.X_QUERY_LENGTH)
    ]


def _midnight(now: datetime) -> datetime:
    """Return the start of X's billing day (UTC)."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
