"""Single sign-on by the ISV's identity provider: only for people who are staff already.

The first time, the address that the provider has verified must be that of exactly one active member
of staff. From then on the provider's issuer and subject count (OpenID Connect Core, 5.7), and
another identity with the same address is refused.
"""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from portal import audit
from portal.models import AuditKind
from portal.project import failures

UNKNOWN = (
    "You are not known here",
    "Your identity provider knows you, but no member of staff here has your address. A superuser "
    "can add you, under Staff, with the same e-mail address.",
)
CANCELLED = ("The sign-in was cancelled", "Nothing was changed. You can begin again at the login.")
FAILED = (
    "Single sign-on failed",
    "The answer of your identity provider could not be used. Begin again at the login. If it "
    "happens again, sign in with your password and quote the reference.",
)


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Decides who may come in. Nobody signs up, and nobody connects identities by hand."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Raise PermissionDenied unless the identity is that of an active member of staff."""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            raise PermissionDenied("identities are not connected by hand")
        if not sociallogin.is_existing:
            sociallogin.connect(request, _staff_with_its_address(sociallogin))
        elif not (sociallogin.user.is_active and sociallogin.user.is_staff):
            raise PermissionDenied(
                f"{sociallogin.user.get_username()} is not an active member of staff"
            )

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Answer every failure with a page of ours, by raising it."""
        why = str(exception or error or "unknown")
        audit.note_few(AuditKind.SIGN_IN_FAILED, f"Single sign-on: {why}", request=request)
        raise ImmediateHttpResponse(_page(request, error, exception))


def _page(request: HttpRequest, error: Any, exception: Exception | None) -> Any:
    if isinstance(exception, PermissionDenied):
        return failures.answer(request, 403, *UNKNOWN)
    return failures.answer(request, 400, *(CANCELLED if error == AuthError.CANCELLED else FAILED))


def _staff_with_its_address(sociallogin: Any) -> User:
    verified = [each.email for each in sociallogin.email_addresses if each.verified]
    if not verified:
        raise PermissionDenied("the identity has no verified address")
    found = list(User.objects.filter(email__iexact=verified[0], is_active=True, is_staff=True)[:2])
    if len(found) != 1:
        raise PermissionDenied(f"{len(found) or 'no'} staff have the address {verified[0]}")
    issuer = sociallogin.account.uid.partition(" ")[0]
    if SocialAccount.objects.filter(user=found[0], uid__startswith=f"{issuer} ").exists():
        raise PermissionDenied(f"another identity of {issuer} is bound to {verified[0]}")
    return found[0]
