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
    """The HTTP status, the title and the text of a page; and what staff read beside the title."""

    status: int
    title: str
    text: str
    for_staff: str = ""


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
    "Your page says what is left to do. The link in our e-mail opens it.",
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
_NOT_INSTALLED = ErrorPage(
    403,
    "Our app is not installed in your org",
    "Nothing was stored. Our app comes with our package: install the package in the org that you "
    "signed in to, then sign in again. In a sandbox that was refreshed, install it again. If "
    "the package is there, write to us.",
    "The package is not installed in that org, or a refresh of the sandbox lost its External "
    "Client App. The admin has to install it again.",
)
_OF_ANOTHER_ORG = _NOT_INSTALLED._replace(
    for_staff="The External Client App works only where it is installed. Ask the admin to install "
    "the package. If several orgs report it, the app is “Local”: it has to be “Packaged”, and in "
    "the package."
)
_NOT_APPROVED = ErrorPage(
    403,
    "Your org has to allow our app first",
    "Nothing was stored. Salesforce blocks apps that are not installed in your org. An admin can "
    "give your user the permission “Approve Uninstalled Connected Apps”, or install the app under "
    "Setup, Connected Apps OAuth Usage. Then sign in again.",
    "The org lacks the app, and the user lacks “Approve Uninstalled Connected Apps”.",
)
_UNUSABLE = ErrorPage(
    502,
    "Salesforce sent an unexpected answer",
    "Nothing was stored. Please try again; if it happens twice, write to us.",
)


class SignInFailed(Exception):
    """The sign-in failed and nothing was stored. `link` is the subscriber's own, if known.

    `other_user`: another user may succeed. `again`: the same may, also without a link.
    """

    def __init__(
        self,
        status: int,
        title: str,
        text: str,
        *,
        link: str = "",
        other_user: bool = False,
        again: bool = False,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.text = text
        self.link = link
        self.other_user = other_user
        self.again = again


def page_for(error: Exception) -> ErrorPage:
    """Return the page that explains an error."""
    if isinstance(error, SocialAuthBaseException) and (blocked := _blocked_app(error)):
        return blocked
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


def _blocked_app(error: SocialAuthBaseException) -> ErrorPage | None:
    """Return the page for an app that the org does not allow; None for any other error.

    Salesforce uses general codes too, so its description decides.
    """
    said = error.detail.lower().replace("+", " ")
    if error.provider_code == "OAUTH_EC_APP_NOT_FOUND":
        return _NOT_INSTALLED
    if "cross-org oauth flows are not supported" in said:
        return _OF_ANOTHER_ORG
    if "app must be installed into org" in said:
        return _NOT_APPROVED
    return None
