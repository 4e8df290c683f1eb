"""What the portal asks of django-allauth: limits, an audit trail, encrypted secrets."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from portal import audit
from portal.door import browsers, throttle
from portal.models import AuditKind
from tenants.fields import EncryptedTextField

AGAIN = {
    "reauthenticate": "Use your password",
    "mfa_reauthenticate": "Use a code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}
_GIVEN = "password_given"  # in the session: whose, and a keyed digest of it
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  (a column that must hold some address)


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Signing in with a password. Nobody can sign up, and no error says which names exist."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "The name or the password is wrong.",
        "enter_current_password": "This is not your current password.",
        "incorrect_password": "The password is wrong.",
        "incorrect_code": "The code is wrong, or was used before.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave the limits to `authenticate`: allauth's own are counted by each process alone."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the member of staff, or None. Raises ValidationError after too many attempts."""
        name = str(credentials.get("username", ""))

        def check() -> User | None:
            user = super(StaffAdapter, self).authenticate(request, **credentials)
            return user if user and user.is_active and user.is_staff else None

        user = throttle.guess(request, name, check)
        if user is None:
            audit.note(
                AuditKind.SIGN_IN_FAILED, "Wrong name or password", request=request, actor=name
            )
        else:
            request.session[_GIVEN] = [user.pk, user.get_session_auth_hash()]
        return user

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign a person in, unless the account has changed since the first step."""
        pk, password = request.session.pop(_GIVEN, (None, ""))
        is_old = pk == user.pk and password != user.get_session_auth_hash()
        if is_old or not (user.is_active and user.is_staff):
            clear_login(request)
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        super().login(request, user)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Lead back to the login; allauth has a page of its own for this, which is not mounted."""
        what, name = "The account has changed or is not active", user.get_username()
        audit.note_few(AuditKind.SIGN_IN_FAILED, what, request=request, actor=name)
        messages.error(request, f"{what}. Log in again, or ask a superuser.")
        return HttpResponseRedirect(reverse("account_login"))

    def post_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **hooks)
        browsers.remember(response, throttle.account_of(user.get_username()))
        return response

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return how a person proves who they are: by single sign-on only if nothing else fits."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        for each in methods:
            each["description"] = AGAIN.get(each["id"], each["description"])
        if methods or not settings.OIDC:
            return methods
        url = reverse("sign_in_again")
        return [{"id": "sign_in_again", "description": f"Use {settings.OIDC_NAME}", "url": url}]

    def get_client_ip(self, request: HttpRequest) -> str:
        return audit.address(request) or UNKNOWN_ADDRESS


class UnreadableSecretError(Exception):
    """No key of SECRET decrypts the secret of a second factor."""

    silent_variable_failure = True  # a template shows nothing in its place


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth carries no types
    """Second factors. Their secrets are encrypted with the keys of SECRET, as tokens are."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "The code or the passkey is wrong, or the code was used before.",
    }

    def encrypt(self, text: str) -> str:
        return str(_fernet().encrypt(text.encode()).decode())

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret. Raises UnreadableSecretError, because any text would fit some code."""
        try:
            text = str(_fernet().decrypt(encrypted_text.encode()).decode())
        except InvalidToken:
            text = ""
        if not text:
            raise UnreadableSecretError
        return text

    def build_totp_svg(self, url: str) -> str:
        # The page holds the picture itself, because the policy allows no data: addresses.
        return str(super().build_totp_svg(url)).rpartition("?>\n")[2]


def _fernet() -> Any:
    field: Any = EncryptedTextField()
    return field.fernet
