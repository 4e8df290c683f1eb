"""The preferences of the person who asks, and the time zone of the answer."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.models import Preferences
from portal.preferences.zones import zone
from portal.project.failures import STAFF


class PreferencesMiddleware:
    """Answer each member of staff in the person's own time zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(STAFF) or not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(zone(of_request(request).time_zone)):
            return self.get_response(request)


def of_request(request: HttpRequest) -> Preferences:
    """Return the person's preferences; those of a person without any are not stored."""
    if not hasattr(request, "preferences"):
        user = request.user
        assert user.is_authenticated  # noqa: S101  (asked of staff only)
        request.preferences = _of(user)  # type: ignore[attr-defined]
    preferences: Preferences = request.preferences  # type: ignore[attr-defined]
    return preferences


def _of(user: Any) -> Preferences:
    if hasattr(user, "preferred"):  # read with the person, see portal.door.person
        return Preferences(user=user, **(user.preferred or {}))
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)
