"""Heroku's Platform API: the account itself, and what its token may do.

Every function raises the errors of connect.clients.http.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from connect.clients import heroku
from connect.clients.accounts import Account
from connect.clients.http import Permanent

# One of them is needed to make add-ons and to read config vars.
ENOUGH = frozenset({"global", "write-protected"})


@dataclass(frozen=True)
class Seen:
    """An account as Heroku shows it. `scopes` of the token; empty where Heroku does not say."""

    email: str
    suspended: bool
    delinquent: bool
    scopes: tuple[str, ...]


def show(account: Account) -> Seen:
    """Return whose token it is, with its scopes. Two calls."""
    found = heroku.call(account, "GET", "/account").document()
    return Seen(
        found.string_or_blank("email", 254),
        bool(found.raw.get("suspended_at")),
        bool(found.raw.get("delinquent_at")),
        _scopes(account),
    )


def clock(account: Account) -> datetime | None:
    """Return Heroku's own time; the call costs nothing of the budget."""
    answer = heroku.call(account, "GET", "/account/rate-limits")
    try:
        return parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None


def _scopes(account: Account) -> tuple[str, ...]:
    try:
        listed = heroku.call(account, "GET", "/oauth/authorizations").documents()
    except Permanent:  # a token of few rights may not list them
        return ()
    for each in listed:
        if each.object_or_empty("access_token").raw.get("token") == account.token:
            return tuple(str(scope) for scope in each.raw.get("scope") or ())
    return ()
