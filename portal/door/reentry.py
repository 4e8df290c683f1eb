"""Proving again who one is, before what cannot be undone."""

import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import urlencode

from portal.door import identity_provider


def ask(request: HttpRequest) -> None:
    """Raise ReauthenticationRequired, unless the person gave a password or code a moment ago.

    allauth keeps what was posted, asks, and then goes on with it.
    """
    if not is_fresh(request):
        raise ReauthenticationRequired


def ask_before_secrets(request: HttpRequest) -> None:
    """As `ask`, but what was posted is dropped: it may hold a password, and a session is a row."""
    if is_fresh(request):
        return
    ways = get_adapter().get_reauthentication_methods(request.user)
    if not ways:
        raise PermissionDenied("the person has no way to prove who it is")
    messages.warning(request, "Nothing was changed. Prove first who you are, then send it again.")
    url = f"{ways[0]['url']}?{urlencode({'next': request.get_full_path()})}"
    raise ImmediateHttpResponse(HttpResponseRedirect(url))


def is_fresh(request: HttpRequest) -> bool:
    """Return whether the person signed in or proved again who they are in the last minutes."""
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    last = max((_proved_at(request, each) for each in records), default=0.0)
    return bool(time.time() - last < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def _proved_at(request: HttpRequest, record: dict[str, Any]) -> float:
    """Return when a person proved something; the provider lets in who is still signed in there."""
    at = float(record["at"])
    if record["method"] != "socialaccount":
        return at
    return min(at, identity_provider.signed_in_at(request))
