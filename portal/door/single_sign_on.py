"""Single sign-on by the ISV's identity provider: only for people who are staff already."""

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Find the member of staff by the address that the identity provider has verified."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Refuse to connect another identity, and people who are not active staff.

        Raises PermissionDenied, which the audit trail notes.
        """
        user = sociallogin.user
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            raise PermissionDenied("identities are not connected by hand")
        if user.pk is None or not (user.is_active and user.is_staff):
            raise PermissionDenied("this identity is nobody of the staff")
