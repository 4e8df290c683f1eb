"""Heroku's Platform API: the add-ons of the ISV's app, and how many calls are left.

Every function raises the errors of connect.clients.http.
"""

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache

from django.conf import settings
from django.utils import timezone

from connect.clients.documents import Document
from connect.clients.http import (
    Conflict,
    NotFound,
    Peer,
    RemoteError,
    Retryable,
    Words,
    segment,
)
from connect.models import ApiBudget

logger = logging.getLogger(__name__)

SYSTEM = "Heroku"
PEER = "heroku"  # the key of ApiBudget
VERSION = "application/vnd.heroku+json; version=3"
PARTNER_VERSION = VERSION + ".partner"

# Heroku Platform API: 4,500 calls for the whole account, about 75 come back a minute.
BUDGET = 4500
REFILL_PER_MINUTE = 75
RESERVE = 500  # kept for provisioning
RESERVE_PAUSE = timedelta(seconds=60)
NOTE_EVERY = 5.0  # seconds between two notes of what is left, in one process


class Priority(Enum):
    """Who goes first when the calls run short."""

    PROVISIONING = "provisioning"
    BACKGROUND = "background"


@dataclass(frozen=True)
class Addon:
    """`state` is "provisioning", "provisioned", "deprovisioning" or "deprovisioned"."""

    id: str
    name: str
    state: str
    plan: str
    config_vars: tuple[str, ...]


@dataclass(frozen=True)
class Account:
    """Whose token it is. Suspended or delinquent explains 402 and 403."""

    email: str
    verified: bool
    suspended: bool
    delinquent: bool


def create_addon(
    app: str, plan: str, name: str, attachment: str, confirm: str | None = None
) -> Addon:
    """Order an add-on of `app`. `name` is unique in all of Heroku, `attachment` within the app.

    Raises Uncertain where it may have been made all the same, Taken if the name is used (both: look
    with find_addon), ConfirmationRequired unless `confirm` repeats the app's name.
    """
    order: dict[str, object] = {"plan": plan, "name": name, "attachment": {"name": attachment}}
    if confirm:
        order["confirm"] = confirm
    answer = _heroku().call("POST", _addons(app), document=order)
    return _addon(answer.document())


def find_addon(app: str, name: str, *, priority: Priority = Priority.PROVISIONING) -> Addon | None:
    """Return the add-on of that name or id within `app`, or None."""
    require_budget(priority)
    try:
        return _addon(_heroku().call("GET", f"{_addons(app)}/{segment(name)}").document())
    except NotFound:
        return None


def delete_addon(app: str, name: str, confirm: str | None = None) -> bool:
    """Deprovision the add-on of that name or id; False if it was gone already. May be repeated.

    Raises ConfirmationRequired where `confirm` has to repeat the app's name.
    """
    path = f"{_addons(app)}/{segment(name)}"
    document = {"confirm": confirm} if confirm else None
    try:
        _heroku().call("DELETE", path, document=document, reads=False)
    except NotFound:
        return False
    return True


def enroll(slug: str, addon_id: str) -> None:
    """Tie an add-on to the ISV programme, so that subscribers meet the ISV's page. May be repeated.

    Heroku refuses an add-on that has an ISV and may not say which. That is taken for this one: the
    add-on is in our own app, and an answer that was lost must not block its tenant for good.
    """
    path = f"/partner/connect/{segment(slug)}/addon/{segment(addon_id)}/enroll"
    headers = {"Accept": PARTNER_VERSION}
    try:
        _heroku().call("POST", path, document={}, headers=headers, reads=False)
    except RemoteError as error:
        if error.code != "conflict":
            raise
        logger.info("%s has an ISV already: %s", addon_id, error)


def account(*, priority: Priority = Priority.PROVISIONING) -> Account:
    """Whose token the portal holds, and whether that account may still order."""
    require_budget(priority)
    document = _heroku().call("GET", "/account").document()
    return Account(
        email=document.text("email"),
        verified=document.raw.get("verified") is True,
        suspended=bool(document.raw.get("suspended_at")),
        delinquent=bool(document.raw.get("delinquent_at")),
    )


def rate_limit() -> int:
    """Ask how many calls are left. This call does not count."""
    remaining = _heroku().call("GET", "/account/rate-limits").document().number("remaining")
    _notes.take(remaining)
    return remaining


def calls_left(budget: ApiBudget, now: datetime) -> int:
    """What is left by now of what was last seen: calls come back by the minute."""
    minutes = max(now - budget.seen_at, timedelta()) / timedelta(minutes=1)
    refilled = min(BUDGET, budget.remaining + int(minutes * REFILL_PER_MINUTE))
    return max(budget.remaining, refilled)


def budget_allows(priority: Priority) -> bool:
    """Whether a call of that priority may be made now. Provisioning always may."""
    if priority is Priority.PROVISIONING:
        return True
    budget = ApiBudget.objects.filter(peer=PEER).first()
    return budget is None or calls_left(budget, timezone.now()) >= RESERVE


def require_budget(priority: Priority) -> None:
    """Raise Retryable, without calling, if the last calls are kept for more urgent work."""
    if not budget_allows(priority):
        words = "the last calls of this hour are kept for provisioning"
        raise Retryable(SYSTEM, None, words, code="rate_limit", after=RESERVE_PAUSE)


class _Heroku(Peer):
    def kind_of(self, status: int, words: Words, *, safe: bool) -> type[RemoteError]:
        kind = super().kind_of(status, words, safe=safe)
        return Retryable if kind is Conflict else kind  # Heroku: "retry after a while"

    def heard(self, headers: Mapping[str, str]) -> None:
        left = headers.get("RateLimit-Remaining", "")
        if left.isascii() and left.isdigit():
            _notes.take(int(left[:9]))


class Notes:
    """Keeps what Heroku says is left where all workers see it, without a write for each call."""

    def __init__(self) -> None:
        self._pid = 0
        self._at = 0.0
        self._remaining = 0

    def take(self, remaining: int) -> None:
        """Write it down if the last note is old, another process's, or of better times."""
        fresh = self._pid == os.getpid() and time.monotonic() - self._at < NOTE_EVERY
        dropped = remaining < RESERVE <= self._remaining
        if fresh and not dropped:
            return
        self._pid, self._at, self._remaining = os.getpid(), time.monotonic(), remaining
        ApiBudget.objects.bulk_create(
            [ApiBudget(peer=PEER, remaining=remaining, seen_at=timezone.now())],
            update_conflicts=True,
            unique_fields=["peer"],
            update_fields=["remaining", "seen_at"],
        )


_notes = Notes()


def _heroku() -> Peer:
    return _peer(settings.HEROKU_API_URL, settings.HEROKU_API_TOKEN)


@lru_cache(maxsize=4)
def _peer(url: str, token: str) -> Peer:
    return _Heroku(SYSTEM, url, token, headers={"Accept": VERSION})


def _addons(app: str) -> str:
    return f"/apps/{segment(app)}/addons"


def _addon(document: Document) -> Addon:
    config_vars = document.raw.get("config_vars")
    return Addon(
        id=document.text("id"),
        name=document.text("name"),
        state=document.text("state"),
        plan=document.child_or_empty("plan").text_or_blank("name"),
        config_vars=tuple(config_vars) if isinstance(config_vars, list) else (),
    )
