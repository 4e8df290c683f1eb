"""How the emulated systems write a time."""

from datetime import UTC, datetime


def iso(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC, ending in Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
