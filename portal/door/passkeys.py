"""The forms for passkeys. What a stranger sends is looked at before the library parses it."""

import struct
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as webauthn
from cryptography.exceptions import InvalidSignature
from django import forms
from django.core.exceptions import ValidationError

from portal import audit
from portal.models import AuditKind
from tenants.json_depth import is_too_deep

MAX_LENGTH = 64 * 1024  # characters; an attestation with its certificates has a few thousand
# What fido2 and allauth raise at a credential that is none.
_JUNK = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
_ALSO_JUNK = (struct.error, InvalidSignature)


class CredentialField(forms.JSONField):
    """A credential as a browser makes it: an object, and neither deep nor long."""

    def to_python(self, value: Any) -> Any:
        text = str(value or "")
        if len(text) > MAX_LENGTH or is_too_deep(text):
            raise get_adapter().validation_error("incorrect_code")
        found = super().to_python(value)
        if found is not None and not isinstance(found, dict):
            raise get_adapter().validation_error("incorrect_code")
        return found

    def bound_data(self, data: Any, initial: Any) -> None:
        """Show nothing of it again: Django would parse it for that, without our limits."""


class _Checked(forms.Form):
    credential = CredentialField(widget=forms.HiddenInput)
    user: Any  # None before anybody is known

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]  # it stands before one with it
        except (ValidationError, *_JUNK, *_ALSO_JUNK) as error:
            name = self.user.get_username() if self.user else ""
            what, request = "Wrong passkey", context.request
            audit.note_few(AuditKind.SIGN_IN_FAILED, what, request=request, actor=name)
            raise get_adapter().validation_error("incorrect_code") from error


class PasskeyForm(_Checked, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]  # no types
    """After the password."""


class PasskeyLoginForm(_Checked, webauthn.LoginWebAuthnForm):  # type: ignore[misc]  # no types
    """Instead of the password."""


class PasskeyAgainForm(_Checked, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """To prove again who one is."""


class NewPasskeyForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]  # no types
    """To add one."""

    credential = CredentialField(widget=forms.HiddenInput)

    def clean(self) -> Any:
        try:
            return super().clean()
        except (*_JUNK, *_ALSO_JUNK) as error:
            raise get_adapter().validation_error("incorrect_code") from error
