"""A card: a function that reads, and a page template that shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.template.loader import render_to_string

from portal.dashboard import parts
from tenants.batching import Batched, together


@dataclass(frozen=True)
class Card:
    """`read` takes the time and returns the variables of admin/cards/<name>.html, for everybody.

    `of` adds what depends on the user, without a query; None: everybody sees the same. `span` is
    how many of three columns it takes. Only users with the permission see it.
    """

    name: str
    title: str
    read: Batched[[datetime], dict[str, Any]]
    span: int = 1
    permission: str = "tenants.view_tenant"
    of: Callable[[Any, dict[str, Any], datetime], dict[str, Any]] | None = None

    @property
    def template(self) -> str:
        return f"admin/cards/{self.name}.html"


@dataclass(frozen=True)
class Shown:
    """A card as one user sees it."""

    card: Card
    html: str

    @cached_property
    def mark(self) -> str:
        """A name of what it says, which changes when it says something else."""
        return parts.mark(self.html)


def read(cards: Sequence[Card], now: datetime) -> list[tuple[Card, dict[str, Any]]]:
    """Return each card with its variables. All cards ask together (tenants/batching.py)."""
    found = together(*(card.read.asking(now) for card in cards))
    return list(zip(cards, found, strict=True))


def html(card: Card, read: dict[str, Any], token: dict[str, Any] | None = None) -> str:
    """Return a card's HTML. `token` is that of its forms, if it has any."""
    named = {"title": card.title, "title_id": f"card-{card.name}-title"}
    return render_to_string(card.template, {**named, **(token or {}), "this": read})
