"""Browsers in which a member of staff has signed in before: strangers cannot lock these out.

The cookie holds a random number, signed for one name. It opens nothing: it only has a limit on
guesses of its own (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

LIFETIME = 90 * 24 * 3600  # seconds, from the last sign-in


def cookie() -> str:
    """Return the name of the cookie."""
    return f"{settings.COOKIE_PREFIX}known_browser"


def remember(response: HttpResponse, account: str) -> None:
    """Give the browser the cookie of an account."""
    response.set_signed_cookie(
        cookie(),
        secrets.token_urlsafe(16),
        salt=_salt(account),
        max_age=LIFETIME,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def number(request: HttpRequest, account: str) -> str:
    """Return the number of a browser that knows an account, "" for any other."""
    found = request.get_signed_cookie(cookie(), "", salt=_salt(account), max_age=LIFETIME)
    return found or ""


def _salt(account: str) -> str:
    return f"portal.door.browsers:{account}"
