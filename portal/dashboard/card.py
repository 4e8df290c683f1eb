"""A card: a function that reads, and a page template that shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.template.loader import render_to_string

from portal.dashboard import parts
from portal.dashboard.numbers import Numbers
from tenants.batching import Batched, together


@dataclass(frozen=True)
class Card:
    """`read` takes the time and returns the variables of admin/cards/<name>.html, for everybody.

    `counts`: its `read` also takes what it has counted in the whole fleet a moment ago, None if it
    is to count, and returns that as "counted". `of` adds what depends on the user, without a query;
    None: everybody sees the same. `span` is how many of three columns it takes. Only users with the
    permission see it.
    """

    name: str
    title: str
    read: Batched[..., dict[str, Any]]
    span: int = 1
    permission: str = "tenants.view_tenant"
    counts: bool = False
    of: Callable[[Any, dict[str, Any], datetime], dict[str, Any]] | None = None

    @property
    def template(self) -> str:
        return f"admin/cards/{self.name}.html"


@dataclass(frozen=True)
class Shown:
    """A card as one user sees it. `to_look_at`: the number of the worklist, on the card of that."""

    card: Card
    html: str
    to_look_at: int | None = None

    @cached_property
    def mark(self) -> str:
        """A name of what it says, which changes when it says something else."""
        return parts.mark(self.html)


def read(
    cards: Sequence[Card], now: datetime, numbers: Numbers | None = None
) -> list[tuple[Card, dict[str, Any]]]:
    """Return each card with its variables. All cards ask together (tenants/batching.py)."""
    counted = numbers.counted if numbers else {}
    asked = ((now, counted.get(card.name)) if card.counts else (now,) for card in cards)
    found = together(*(card.read.asking(*given) for card, given in zip(cards, asked, strict=True)))
    return list(zip(cards, found, strict=True))


def html(
    card: Card,
    read: dict[str, Any],
    token: dict[str, Any] | None = None,
    numbers: Numbers | None = None,
) -> str:
    """Return a card's HTML. `token` is that of its forms, if it has any.

    It says when it was counted if that was before the rest was read.
    """
    named = {"title": card.title, "title_id": f"card-{card.name}-title"}
    shown = render_to_string(card.template, {**named, **(token or {}), "this": read})
    if numbers is None or not card.counts:
        return shown
    return shown + render_to_string("admin/includes/counted.html", {"at": numbers.at})
