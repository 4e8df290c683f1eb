"""Ids of posts, which contain the time when a post was written."""

from datetime import datetime

# An id counts the milliseconds since this moment, 22 bits further left.
EPOCH_MS = 1288834974657


def id_at(moment: datetime) -> int:
    """Return the smallest id of a post written at that moment."""
    return max(int(moment.timestamp() * 1000) - EPOCH_MS, 0) << 22
