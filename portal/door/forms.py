"""The forms for codes of a second factor, with the same limits as passwords."""

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm

from portal.door import throttle


class _Limited:
    """A form that asks a user for a code."""

    user: Any

    def clean_code(self) -> str:
        # The wrong code raises ValidationError, and its token is not given back.
        check = super().clean_code  # type: ignore[misc]  # it stands before one that has it
        return str(throttle.guess(context.request, self.user.get_username(), check))


class CodeForm(_Limited, AuthenticateForm):  # type: ignore[misc]  # allauth carries no types
    """While signing in."""


class CodeAgainForm(_Limited, ReauthenticateForm):  # type: ignore[misc]  # allauth carries no types
    """To prove again who one is."""
