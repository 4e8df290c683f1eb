"""The buttons of a row: its one right action, and what can be done with any row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import reverse

from connect.models import Connection
from connect.remedies import Remedy
from portal import remedy_pages
from portal.actions import action as registry
from portal.actions.action import Staff
from portal.actions.subject import Subject
from portal.dashboard.attention import Cause

_KEYS = {
    "assign": "a",
    "unassign": "a",
    "note": "n",
    "snooze": "s",
    "unsnooze": "s",
    "retry": "r",
}


@dataclass(frozen=True)
class Press:
    """A button of a row. One that asks leads to its question; a link leads to another page."""

    name: str
    label: str
    url: str
    asks: bool = False
    is_link: bool = False

    @property
    def key(self) -> str:
        """The key that presses it on the row; an action and its opposite have the same."""
        return _KEYS.get(self.name, "")


def address(row: Model, view: str, *more: str) -> str:
    """Return the address of a row's page, or of an action on it."""
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{view}", args=[quote(row.pk), *more])


def right_one(user: Staff, cause: Cause, row: Any, remedy: Remedy | None) -> Press | None:
    """Return the button of the right action, None if nobody has to act or the user may not.

    Whether it is possible is asked when it is pressed, and not for each row of a page: the remedy
    of a state is possible in that state, and a press that comes too late says so.
    """
    name = (remedy.action if remedy else "") or cause.act(row)
    if name:
        return _press(user, row, name)
    if remedy and remedy.page and isinstance(row, Connection):
        where = remedy_pages.address(remedy.page, row.tenant, getattr(row, "host_name", "") or "")
        return Press("visit", remedy.page.value, where, is_link=True)
    return None


def others(user: Staff, row: Any, now: datetime, act: Press | None) -> list[Press]:
    """Return the buttons that any row has: assign, note and snooze, or their opposites.

    `act` is the right one. Where that leads to another page, a blocked row is retried afterwards.
    """
    owner = getattr(_shown(row), "owner", None)
    is_mine = owner is not None and owner.get_username() == user.get_username()
    until = getattr(row, "snoozed_until", None)
    names = (
        "unassign" if is_mine else "assign",
        "note",
        "unsnooze" if until and until > now else "snooze",
        "hand_over",
        *(["retry"] if act and act.is_link and getattr(row, "blocked_at", None) else []),
    )
    return [found for name in names if (found := _press(user, row, name))]


def _press(user: Staff, row: Any, name: str) -> Press | None:
    shown = _shown(row)
    action = registry.of(type(shown)).get(name)
    target = Subject(row.tenant, row) if isinstance(row, Connection) else row
    if action is None or not action.allows(user, target):
        return None
    if action.not_by(target, user.get_username()):
        return None
    return Press(name, action.label, address(shown, "act", name), action.asks)


def _shown(row: Any) -> Any:
    # A connection is acted on at its tenant's page.
    return row.tenant if isinstance(row, Connection) else row
