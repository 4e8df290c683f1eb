"""The kill switches that the apps declare."""

from scripts.documents.blocks import table
from tenants.models import KILL_SWITCHES


def effects(_: str) -> str:
    """Return a table: each kill switch, and what stops while it is off."""
    rows = [(each.label, each.effect) for each in KILL_SWITCHES.values()]
    return table(("switch", "while it is off"), rows)
