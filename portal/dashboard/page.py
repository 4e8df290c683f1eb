"""The dashboard: a page of cards. Each card is a function and a page template.

An app adds a card of its own with `register`. All cards are read again every few seconds on every
open dashboard, so a card must cost a fixed number of queries, however many tenants there are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.dashboard.cards import (
    attention,
    funnel,
    health,
    incidents,
    room,
    team,
    times,
    vitals,
    write_errors,
)

REFRESH_SECONDS = 10


@dataclass(frozen=True)
class Card:
    """`read` takes the user and the time, and returns the variables of admin/cards/<name>.html.

    `span` is how many of three columns it takes. Only users with the permission see it.
    """

    name: str
    title: str
    read: Callable[[Any, datetime], dict[str, Any]]
    span: int = 1
    permission: str = "tenants.view_tenant"

    @property
    def template(self) -> str:
        return f"admin/cards/{self.name}.html"


CARDS: list[Card] = []


def register(*cards: Card) -> None:
    """Put cards at the end of the dashboard. A second card of one name is a mistake."""
    for card in cards:
        if card.name in {each.name for each in CARDS}:
            raise ValueError(f"two cards are named {card.name!r}")
        CARDS.append(card)


def cards(user: Any, now: datetime) -> list[dict[str, Any]]:
    """Return each card that the user may see, with what it shows now."""
    return [
        {"card": card, "template": card.template, **card.read(user, now)}
        for card in CARDS
        if user.has_perm(card.permission)
    ]


# In the order of the page.
register(
    Card("vitals", "System status", vitals.read, span=3),
    Card("attention", "Needs attention", attention.read, span=2),
    Card("funnel", "Tenants by standing", funnel.read),
    Card("write_errors", "Write errors", write_errors.read, permission="connect.view_writeerror"),
    Card("health", "Sync health", health.read, span=2, permission="connect.view_connection"),
    Card("incidents", "Incidents", incidents.read, permission="connect.view_incident"),
    Card("times", "From registration to live", times.read, span=2),
    Card("room", "Room and cost", room.read, permission="connect.view_hostapp"),
    Card("team", "Team", team.read, span=3, permission="portal.view_bulkrun"),
)
