"""Whether a person still lacks the required second factor, and what is said of one that is lost."""

from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.door.adapters import UnreadableSecretError
from portal.door.person import SECOND_FACTORS
from portal.project import failures

UNREADABLE = (
    "These codes cannot be read",
    "The key of SECRET that encrypted them is missing, so they work nowhere. Ask a manager to "
    "remove them under Second factors, and make new ones.",
)


def is_missing(request: HttpRequest) -> bool:
    """Return whether a person must add a second factor before anything else.

    Who came by single sign-on gave it to the identity provider.
    """
    if not settings.SECOND_FACTOR_REQUIRED or not request.user.is_authenticated:
        return False
    if any(each["method"] == "socialaccount" for each in _records(request)):
        return False
    known: bool | None = getattr(request.user, "has_factor", None)
    # A person who signs in with the current request was read without it.
    return not (is_mfa_enabled(request.user, SECOND_FACTORS) if known is None else known)


def _records(request: HttpRequest) -> list[dict[str, str]]:
    return list(get_authentication_records(request, request.user))


class UnreadableFactorMiddleware:
    """Answer the pages of a second factor whose key is lost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, UnreadableSecretError):
            return None
        return failures.answer(request, 409, *UNREADABLE)
