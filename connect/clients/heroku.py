"""Heroku's Platform API: the add-ons of the host apps.

Every function raises the errors of connect.clients.http.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from connect.clients import budget
from connect.clients.accounts import Account, App
from connect.clients.http import (
    Answer,
    Conflict,
    ErrorBody,
    NotFound,
    Peer,
    RemoteError,
    Retryable,
    segment,
)
from tenants.http.json_object import JsonObject

SYSTEM = "Heroku"
VERSION = "application/vnd.heroku+json; version=3"
PARTNER_VERSION = VERSION + ".partner"
MAX_CENTS = 2**31  # as in the column
FIRST_PAGE = "id ..; max=1000"
LIST_SECONDS = 30.0  # of one list, after which no further page is asked for


@dataclass(frozen=True)
class Addon:
    """`state` is "provisioning", "provisioned", "deprovisioning" or "deprovisioned".

    `monthly_cents` is what a month of it costs; None if it is by contract or unknown.
    """

    id: str
    name: str
    state: str
    plan: str
    monthly_cents: int | None = None


def create_addon(
    app: App, plan: str, name: str, attachment: str, confirm: str | None = None
) -> Addon:
    """Order an add-on of `app`. `name` is unique in all of Heroku, `attachment` within the app.

    Raises Uncertain if the add-on may have been created, Taken if the name is in use (in both cases
    check with find_addon), ConfirmationRequired if it would overwrite a config var or an attachment
    of the app, and `confirm` does not repeat the app's name.
    """
    order: dict[str, object] = {"plan": plan, "name": name, "attachment": {"name": attachment}}
    if confirm:
        order["confirm"] = confirm
    answer = _heroku(app.account).call("POST", _addons(app), document=order)
    return _addon(answer.document())


def find_addon(app: App, name: str) -> Addon | None:
    """Return the add-on of that name or id within `app`, or None."""
    try:
        path = f"{_addons(app)}/{segment(name)}"
        return _addon(_heroku(app.account).call("GET", path).document())
    except NotFound as error:
        _raise_for_app(error)
        return None


def list_addons(app: App) -> list[Addon]:
    """Return all add-ons of `app`, of every service: one call for each thousand of them.

    Raises Retryable for a list that does not end: its app must not hold up the others.
    """
    found: list[Addon] = []
    wanted, asked, stop_at = FIRST_PAGE, set(), time.monotonic() + LIST_SECONDS
    while wanted:
        asked.add(wanted)
        answer = _heroku(app.account).call("GET", _addons(app), headers={"Range": wanted})
        found += map(_addon, answer.documents())
        wanted = answer.headers.get("Next-Range", "")
        if wanted in asked or (wanted and time.monotonic() > stop_at):
            raise Retryable(SYSTEM, answer.status, "a list that does not end", answer.request_id)
    return found


def delete_addon(app: App, name: str) -> bool:
    """Delete the add-on with that name or id; False if it was already deleted. Safe to repeat."""
    try:
        _heroku(app.account).call("DELETE", f"{_addons(app)}/{segment(name)}", reads=False)
    except NotFound as error:
        _raise_for_app(error)
        return False
    return True


def enroll(account: Account, slug: str, addon_id: str) -> None:
    """Enroll an add-on in the ISV programme, so that subscribers see the ISV's page.

    Raises Conflict if it has an ISV already, which Heroku does not name.
    """
    path = f"/partner/connect/{segment(slug)}/addon/{segment(addon_id)}/enroll"
    headers = {"Accept": PARTNER_VERSION}
    try:
        _heroku(account).call("POST", path, document={}, headers=headers, reads=False)
    except Retryable as error:
        if error.code != "conflict":
            raise
        raise Conflict(error.system, error.status, error.message, error.request_id) from error


class _Heroku(Peer):
    def __init__(self, url: str, token: str, account: str) -> None:
        super().__init__(SYSTEM, url, token, headers={"Accept": VERSION})
        self._account = account

    def error_class(self, status: int, body: ErrorBody, *, safe: bool) -> type[RemoteError]:
        kind = super().error_class(status, body, safe=safe)
        return Retryable if kind is Conflict else kind  # Heroku: "retry after a while"

    def on_response(self, headers: Mapping[str, str]) -> None:
        left = headers.get("RateLimit-Remaining", "")
        # isdigit() alone accepts characters on which int() fails, such as "²".
        if left.isascii() and left.isdigit():
            budget.recorder.record(self._account, int(left[:9]))


def _raise_for_app(error: NotFound) -> None:
    """Raise it again if the app is not found, or not visible: nothing is known of its add-ons."""
    if isinstance(error.document, dict) and error.document.get("resource") == "app":
        raise error


def call(account: Account, method: str, path: str, **more: Any) -> Answer:
    """Call the Platform API for an account; for the other client modules."""
    return _heroku(account).call(method, path, **more)


def _heroku(account: Account) -> Peer:
    return _peer(settings.HEROKU_API_URL, account.token, account.name)


# Keyed by the token, so that a replaced token takes effect; the session is kept alive.
@lru_cache(maxsize=64)
def _peer(url: str, token: str, account: str) -> Peer:
    return _Heroku(url, token, account)


def _addons(app: App) -> str:
    return f"/apps/{segment(app.name)}/addons"


def _addon(document: JsonObject) -> Addon:
    return Addon(
        id=document.identifier("id"),
        name=document.identifier("name"),
        state=document.string("state"),
        plan=document.object_or_empty("plan").string_or_blank("name", 60),
        monthly_cents=_monthly_cents(document.object_or_empty("billed_price").raw),
    )


def _monthly_cents(price: dict[str, Any]) -> int | None:
    cents = price.get("cents")
    by_month = price.get("unit") == "month" and not price.get("contract")
    # A bool is an int in Python, and a negative price is a mistake.
    is_price = isinstance(cents, int) and not isinstance(cents, bool) and 0 <= cents < MAX_CENTS
    return cents if by_month and is_price else None
