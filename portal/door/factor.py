"""Whether a person still lacks the second factor that the portal requires."""

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest

KINDS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def is_missing(request: HttpRequest) -> bool:
    """Return whether a person must add a second factor before anything else.

    Who came by single sign-on gave it to the identity provider.
    """
    if not settings.SECOND_FACTOR_REQUIRED or not request.user.is_authenticated:
        return False
    if any(each["method"] == "socialaccount" for each in _records(request)):
        return False
    return not is_mfa_enabled(request.user, KINDS)


def _records(request: HttpRequest) -> list[dict[str, str]]:
    return list(get_authentication_records(request, request.user))
