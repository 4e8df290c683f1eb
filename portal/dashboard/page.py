"""The dashboard: a page of cards. Each card is a function and a page template.

An app adds a card of its own with `register`. All cards are read again every few seconds, once for
all who look (snapshot.py), so a card must cost a fixed number of queries for any number of tenants.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from portal.dashboard import parts
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
from portal.dashboard.snapshot import Kept

REFRESH_SECONDS = 10


@dataclass(frozen=True)
class Card:
    """`read` takes the time and returns the variables of admin/cards/<name>.html, for everybody.

    `of` adds what depends on the user, without a query; None: everybody sees the same. `span` is
    how many of three columns it takes. Only users with the permission see it.
    """

    name: str
    title: str
    read: Callable[[datetime], dict[str, Any]]
    span: int = 1
    permission: str = "tenants.view_tenant"
    of: Callable[[Any, dict[str, Any], datetime], dict[str, Any]] | None = None

    @property
    def template(self) -> str:
        return f"admin/cards/{self.name}.html"


@dataclass(frozen=True)
class Shown:
    """A card as one user sees it. `mark` changes when it says something else."""

    card: Card
    html: str
    mark: str


CARDS: list[Card] = []
_KEPT = Kept()


def register(*cards: Card) -> None:
    """Put cards at the end of the dashboard. A second card of one name is a mistake."""
    for card in cards:
        if card.name in {each.name for each in CARDS}:
            raise ValueError(f"two cards are named {card.name!r}")
        CARDS.append(card)


def cards(request: HttpRequest, now: datetime) -> list[Shown]:
    """Return each card that the user may see, with what it shows now."""
    seen = [card for card in CARDS if request.user.has_perm(card.permission)]
    if not seen:
        return []
    snapshot = _KEPT.current(_snapshot, now)
    return [_shown(card, snapshot[card.name], request, now) for card in seen]


def _snapshot(now: datetime) -> dict[str, Any]:
    """Read all cards. What is the same for everybody is drawn here too."""
    read = {card: card.read(now) for card in CARDS}
    return {card.name: found if card.of else _html(card, found) for card, found in read.items()}


def _shown(card: Card, kept: Any, request: HttpRequest, now: datetime) -> Shown:
    if card.of is None:
        return Shown(card, kept, parts.mark(kept))
    # The token alone, and not the request: with that comes the whole menu.
    token = {"csrf_token": get_token(request)}
    html = _html(card, card.of(request.user, kept, now), token)
    return Shown(card, html, parts.mark(html))


def _html(card: Card, read: dict[str, Any], token: dict[str, Any] | None = None) -> str:
    named = {"title": card.title, "title_id": f"card-{card.name}-title"}
    return render_to_string(card.template, {**named, **(token or {}), "this": read})


# In the order of the page.
register(
    Card("vitals", "System status", vitals.read, span=3),
    Card("attention", "Needs attention", attention.read, span=2, of=attention.of),
    Card("funnel", "Tenants by standing", funnel.read),
    Card("write_errors", "Write errors", write_errors.read, permission="connect.view_writeerror"),
    Card("health", "Sync health", health.read, span=2, permission="connect.view_connection"),
    Card("incidents", "Incidents", incidents.read, permission="connect.view_incident"),
    Card("times", "From registration to live", times.read, span=2),
    Card("room", "Room and cost", room.read, permission="connect.view_hostapp"),
    Card("team", "Team", team.read, span=3, permission="portal.view_bulkrun"),
)
