"""How long a session of staff lasts: until it is idle for too long, or old in any case."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers

from portal.looks import is_look
from portal.project.failures import STAFF
from tenants.sweeps import MAX_SKEW

BEGAN, SEEN = "staff_began", "staff_seen"
NOTE_EVERY = 60  # seconds; noting each request would write the session each time


class StaffSessionMiddleware:
    """End the session of a person who is away, or whose session is old; let nobody keep pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and _is_over(request):
            logout(request)
            messages.info(request, "You were signed out because nothing happened for a while.")
            return HttpResponseRedirect(f"{settings.LOGIN_URL}?next={settings.LOGIN_REDIRECT_URL}")
        was_in = request.user.is_authenticated
        response = self.get_response(request)
        if was_in and not request.user.is_authenticated:
            response["Clear-Site-Data"] = '"storage"'  # what was typed; not the known browser
        if request.path.startswith(STAFF):
            # A browser must show nothing of it after the person has left.
            add_never_cache_headers(response)
        return response


def _is_over(request: HttpRequest) -> bool:
    """Return whether the session has ended; if not, note that its owner is here."""
    now, session = time.time(), request.session
    began, seen = session.get(BEGAN), session.get(SEEN, now)
    if began is None:
        session[BEGAN] = session[SEEN] = now
        return False
    if max(began, seen) > now + MAX_SKEW.total_seconds():  # of a clock that was wrong
        return True
    if now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_MINUTES * 60:
        return True
    if now - seen > NOTE_EVERY and not is_look(request):
        session[SEEN] = now
    return False
