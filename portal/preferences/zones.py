"""The time zones that staff may choose."""

from collections import defaultdict
from datetime import tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# Regions of the tz database that people live in; the others are old names for the same zones.
_REGIONS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia"),
    *("Europe", "Indian", "Pacific"),
)


@cache
def zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the zones by region, as choices with groups; a label is, say, "Berlin"."""
    by_region: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in sorted(available_timezones()):
        region, _, city = name.partition("/")
        if region in _REGIONS and city:
            by_region[region].append((name, city.replace("_", " ")))
    return [("Universal", [("UTC", "UTC")]), *by_region.items()]


def zone(name: str) -> tzinfo | None:
    """Return a zone by its name; None for "", and for one that the system has lost."""
    try:
        return ZoneInfo(name) if name else None
    except (LookupError, ValueError, OSError):
        return None
