"""The forms for codes of a second factor, with the same limits as passwords."""

from collections.abc import Callable
from typing import Any

from allauth.account.forms import ChangePasswordForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError

from portal import audit
from portal.door import rotation, throttle
from portal.models import AuditKind


class _Limited:
    """A form that asks a user for a code."""

    user: Any
    cleaned_data: dict[str, Any]
    _emit_authentication_failed: Callable[[Authenticator], None]

    def clean_code(self) -> str:
        # The wrong code raises ValidationError, and its token is not given back.
        return str(throttle.guess(context.request, self.user.get_username(), self._check))

    def _check(self) -> str:
        """Do what allauth's form does, with those factors that can be read."""
        code = str(self.cleaned_data["code"])
        factors = _with_codes(self.user)
        for factor in filter(rotation.is_readable, factors):
            if factor.wrap().validate_code(code):
                self.authenticator = factor
                return code
        if factors:
            self._emit_authentication_failed(factors[0])
        raise get_adapter().validation_error("incorrect_code")


def _with_codes(user: Any) -> list[Authenticator]:
    """Return the app, if there is one, and then the recovery codes."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
    found = Authenticator.objects.filter(user=user, type__in=kinds)
    return list(found.select_related("user").order_by("-type"))


class CodeForm(_Limited, AuthenticateForm):  # type: ignore[misc]  # allauth carries no types
    """While signing in."""


class CodeAgainForm(_Limited, ReauthenticateForm):  # type: ignore[misc]  # allauth carries no types
    """To prove again who one is."""


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]  # allauth carries no types
    """To change one's password. A wrong current one counts as a guess, and is noted."""

    def clean_oldpassword(self) -> str:
        request, name = context.request, self.user.get_username()
        return str(throttle.guess(request, name, self._check))

    def _check(self) -> str:
        try:
            return str(super().clean_oldpassword())
        except ValidationError:
            what, name = "Wrong current password", self.user.get_username()
            audit.note(AuditKind.SIGN_IN_FAILED, what, request=context.request, actor=name)
            raise
