"""Proving again who one is, before what cannot be undone."""

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest


def ask(request: HttpRequest) -> None:
    """Raise ReauthenticationRequired, unless the person gave a password or code a moment ago.

    allauth keeps what was posted, asks, and then goes on with it.
    """
    if not is_fresh(request):
        raise ReauthenticationRequired


def is_fresh(request: HttpRequest) -> bool:
    """Return whether the person signed in or proved again who they are in the last minutes."""
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    last = max((float(each["at"]) for each in records), default=0.0)
    return bool(time.time() - last < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
