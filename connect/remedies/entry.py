"""Where the runbook explains a reason: the name of its entry, and the line of a mail to it."""

from django.db.models import TextChoices

from connect.models import BlockedKind, Condition, IncidentKind, Stage
from tenants import addresses
from tenants.addresses import Address

_PREFIXES: dict[type[TextChoices], str] = {
    BlockedKind: "blocked",
    IncidentKind: "incident",
    Stage: "stage",
    Condition: "condition",
}


def entry_of(choice: TextChoices) -> str:
    """Return the name of a reason's entry, e.g. "blocked-wrong_org"."""
    return f"{_PREFIXES[type(choice)]}-{choice.value}"


def line_to(choice: TextChoices) -> str:
    """Return the line of a mail to staff that leads to a reason's entry."""
    return f"Runbook: {addresses.of(Address.RUNBOOK, None, entry=entry_of(choice))}"
