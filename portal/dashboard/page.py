"""What staff see first: a page of cards, each a small function and a template.

A new card is one line in CARDS; a use case adds its own with `register`. All are read again every
few seconds on every open dashboard, so a card has to cost a fixed number of queries, however many
tenants there are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.dashboard.cards import (
    attention,
    errors,
    funnel,
    health,
    incidents,
    times,
    vitals,
)

REFRESH_SECONDS = 10


@dataclass(frozen=True)
class Card:
    """`read` takes the user and the time, and returns the variables of admin/cards/<name>.html.

    `span` is how many of three columns it takes. Shown to whoever has the permission.
    """

    name: str
    title: str
    read: Callable[[Any, datetime], dict[str, Any]]
    span: int = 1
    permission: str = "tenants.view_tenant"


CARDS: list[Card] = [
    Card("vitals", "The machinery", vitals.read, span=3),
    Card("attention", "Needs attention", attention.read, span=2),
    Card("funnel", "Tenants by stage", funnel.read),
    Card("errors", "Rows that Salesforce refused", errors.read, permission="connect.view_mapping"),
    Card("health", "Synchronization", health.read, span=2, permission="connect.view_connection"),
    Card("incidents", "Incidents", incidents.read, permission="connect.view_connection"),
    Card("times", "From registration to live", times.read),
]


def register(*cards: Card) -> None:
    """Put cards at the end of the dashboard."""
    CARDS.extend(cards)


def cards(user: Any, now: datetime) -> list[dict[str, Any]]:
    """Return each card that the user may see, with what it shows now."""
    return [
        {"card": card, "template": f"admin/cards/{card.name}.html", **card.read(user, now)}
        for card in CARDS
        if user.has_perm(card.permission)
    ]
