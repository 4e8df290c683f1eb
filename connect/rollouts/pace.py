"""How long the rest of a roll-out takes."""

import math
from datetime import datetime, timedelta


def time_left(finished: list[datetime], remaining: int) -> timedelta | None:
    """Return how long the rest takes at the pace of the last tenants; None if they are too few.

    `finished` holds when the last tenants ended, in any order.
    """
    if remaining == 0:
        return timedelta()
    if len(finished) < 2:
        return None
    span = max(finished) - min(finished)
    seconds = span.total_seconds() / (len(finished) - 1) * remaining
    unit = 60 if seconds > 60 else 1  # it is an estimate: more digits would claim too much
    return timedelta(seconds=math.ceil(seconds / unit) * unit)
