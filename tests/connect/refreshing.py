"""Refreshing the whole fleet, as the schedule does region by region."""

from connect.health import regions


def refresh_all() -> int:
    """Refresh every region, one after the other; return how many connections were seen."""
    return sum(regions.refresh_region(*part) for part in regions.parts())
