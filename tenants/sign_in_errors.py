"""What a subscriber reads when the sign-in to Salesforce fails."""

from typing import NamedTuple

from social_core.exceptions import (
    AuthCanceled,
    AuthConfigurationError,
    AuthCredentialError,
    AuthInputError,
    AuthProviderError,
    AuthSessionError,
    SocialAuthBaseException,
)

from tenants.http.errors import RemoteError, Retryable


class ErrorPage(NamedTuple):
    """The HTTP status, the title and the text of a page."""

    status: int
    title: str
    text: str


_DENIED = ErrorPage(
    403,
    "Access was not allowed",
    "You chose “Deny”, or Salesforce denied access. Nothing was stored. An admin has to allow "
    "access before we can continue. You can try again at any time.",
)
_ENDED = ErrorPage(
    400,
    "This sign-in has ended",
    "It was started in another browser, took longer than 30 minutes, or was already completed. "
    "Open the link in our e-mail and start again.",
)
_MISCONFIGURED = ErrorPage(
    502,
    "Salesforce does not accept our app",
    "This is a problem on our side. Our staff can see it. Please try again tomorrow.",
)
_DOWN = ErrorPage(
    503,
    "Salesforce is not responding",
    "Nothing was stored. Please try again in a few minutes.",
)
_REFUSED = ErrorPage(
    403,
    "Salesforce refused",
    "Nothing was stored. Often the org's settings for connected apps do not let you use ours; an "
    "admin can allow it.",
)
_UNUSABLE = ErrorPage(
    502,
    "Salesforce sent an unexpected answer",
    "Nothing was stored. Please try again; if it happens twice, write to us.",
)


class SignInFailed(Exception):
    """The sign-in failed and nothing was stored. `link` is the subscriber's own, if known."""

    def __init__(
        self, status: int, title: str, text: str, *, link: str = "", other_user: bool = False
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.text = text
        self.link = link
        self.other_user = other_user


def page_for(error: Exception) -> ErrorPage:
    """Return the page that explains an error."""
    match error:
        case AuthCanceled():
            return _DENIED
        case AuthInputError() | AuthSessionError() | AuthCredentialError():
            return _ENDED
        case (
            AuthConfigurationError()
            | AuthProviderError(provider_code="invalid_client_id" | "redirect_uri_mismatch")
        ):
            return _MISCONFIGURED
        case SocialAuthBaseException(recovery="retry_later"):
            return _DOWN
        case AuthProviderError(provider_code=str() as reason) if reason:
            text = f"The reason it gave is {reason[:100]}. {_REFUSED.text}"
            return _REFUSED._replace(text=text)
    return _UNUSABLE


def page_for_access(error: RemoteError) -> ErrorPage:
    """Return the page for an org that does not say what its user may do."""
    return _DOWN if isinstance(error, Retryable) else _REFUSED
