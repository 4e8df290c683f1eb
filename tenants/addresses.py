"""Addresses that this app mails or shows, and that apps above it serve.

The app that serves an address registers the function that builds it when it is ready.
"""

from collections.abc import Callable
from enum import StrEnum

from django.db.models import Model


class Address(StrEnum):
    """What an address leads to."""

    AUTHORIZE = "authorize"  # where a subscriber authorizes Heroku Connect
    STAFF = "staff"  # a row's page for staff; without a row, their first page
    RUNBOOK = "runbook"  # the page that explains every reason; `entry` names one
    WORK = "work"  # a row's place in the list of all that needs staff


_BUILDERS: dict[Address, Callable[..., str]] = {}


def register(address: Address, build: Callable[..., str]) -> None:
    """Store how an address is built from a row."""
    _BUILDERS[address] = build


def of(address: Address, row: Model | None, **how: str) -> str:
    """Return a whole address, https:// and host included.

    `like="…"` gives a signed link the age of another one (see tenants.links).
    """
    return _BUILDERS[address](row, **how)
