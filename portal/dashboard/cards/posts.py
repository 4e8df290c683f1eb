"""Posts about the tenants' Accounts: how many came each day, and what is left to spend."""

from datetime import datetime
from typing import Any

from portal.dashboard import posts


def read(user: Any, now: datetime) -> dict[str, Any]:
    """Four queries."""
    return {"posts": posts.card()}
