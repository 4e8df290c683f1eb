"""The forms for codes of a second factor, with the same limits as passwords."""

from collections.abc import Callable
from typing import Any

from allauth.account.forms import ChangePasswordForm
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from portal import audit
from portal.door import rotation, throttle
from portal.models import AuditKind

LABELS = {
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "New password, again",
}
USED = "used"  # the last codes, in the data of an app
VALID_AT_A_TIME = 2 * settings.MFA_TOTP_TOLERANCE + 1


class _Limited:
    """A form that asks a user for a code."""

    user: Any
    cleaned_data: dict[str, Any]
    _emit_authentication_failed: Callable[[Authenticator], None]

    def clean_code(self) -> str:
        # The wrong code raises ValidationError, and its token is not given back.
        return throttle.guess_code(context.request, self.user.get_username(), self._check)

    def _check(self) -> str:
        """Do what allauth's form does, with those factors that can be read."""
        code = str(self.cleaned_data["code"])
        factors = _with_codes(self.user)
        for factor in filter(rotation.is_readable, factors):
            if factor.wrap().validate_code(code) and _use(factor, code):
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


@transaction.atomic
def _use(factor: Authenticator, code: str) -> bool:
    """Return whether a code is used for the first time, and remember it.

    allauth remembers the codes of an app in the cache, which each process has for itself.
    """
    if factor.type != Authenticator.Type.TOTP:
        return True  # allauth marks a recovery code in its row
    row = Authenticator.objects.select_for_update().get(pk=factor.pk)
    plain, used = normalize_user_code(code), row.data.get(USED, [])
    if plain in used:
        return False
    row.data[USED] = [plain, *used][:VALID_AT_A_TIME]
    row.save(update_fields=["data"])
    return True


class CodeForm(_Limited, AuthenticateForm):  # type: ignore[misc]  # allauth carries no types
    """While signing in."""


class CodeAgainForm(_Limited, ReauthenticateForm):  # type: ignore[misc]  # allauth carries no types
    """To prove again who one is."""


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]  # allauth carries no types
    """To change one's password. A wrong current one counts as a guess, and is noted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in LABELS.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("placeholder", None)

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
