"""The dashboard: a page of cards, which an app adds to with `register`.

All cards are read again every few seconds, once for all who look (snapshot.py). So a card must cost
a fixed number of queries for any number of tenants.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token

from portal.dashboard import card as a_card
from portal.dashboard import numbers, snapshot
from portal.dashboard.card import Card, Shown
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
from portal.dashboard.numbers import Numbers
from portal.dashboard.worklist import total

REFRESH_SECONDS = 10
# Beside the cards in what is kept; a card's name has no space.
NUMBERS, IS_KEPT = "all numbers", "are kept"

CARDS: list[Card] = []


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
    kept = snapshot.current(_read, now)
    total.keep(kept["attention"]["total"])
    counted = kept[NUMBERS] if kept[IS_KEPT] else None
    return [_shown(card, kept[card.name], counted, request, now) for card in seen]


def _read(now: datetime, before: dict[str, Any] | None) -> dict[str, Any]:
    """Read all cards. What is the same for everybody is drawn here too."""
    kept: Numbers | None = before[NUMBERS] if before else None
    # They must not become older with each press.
    kept = kept if kept and now - kept.at < snapshot.PERIOD else None
    found = a_card.read(CARDS, now, kept)
    counted = {card.name: read for card, read in found if card.counts}
    shown = {
        card.name: read if card.of else a_card.html(card, read, numbers=kept)
        for card, read in found
    }
    own = numbers.of(counted.items(), counted["funnel"]["total"], now)
    return {**shown, NUMBERS: kept or own, IS_KEPT: kept is not None}


def _shown(
    card: Card, kept: Any, counted: Numbers | None, request: HttpRequest, now: datetime
) -> Shown:
    if card.of is None:
        return Shown(card, kept)
    # The token alone, and not the request: with that comes the whole menu.
    token = {"csrf_token": get_token(request)}
    drawn = a_card.html(card, card.of(request.user, kept, now), token, counted)
    return Shown(card, drawn, kept["total"] if card.name == "attention" else None)


# In the order of the page.
register(
    Card("vitals", "System status", vitals.read, span=3),
    Card("attention", "Needs attention", attention.read, span=2, of=attention.of, counts=True),
    Card("funnel", "Tenants by standing", funnel.read, counts=True),
    Card("write_errors", "Write errors", write_errors.read, permission="connect.view_writeerror"),
    Card(
        "health",
        "Sync health",
        health.read,
        span=2,
        permission="connect.view_connection",
        counts=True,
    ),
    Card("incidents", "Incidents", incidents.read, permission="connect.view_incident"),
    Card("times", "From registration to live", times.read),
    Card("room", "Room and cost", room.read, permission="connect.view_hostapp", counts=True),
    Card("team", "Team", team.read, span=3, permission="portal.view_bulkrun"),
)
