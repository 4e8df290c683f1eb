"""What of the door is noted in the audit trail: signals of sign-ins and factors, and refusals."""

from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as factors
from allauth.usersessions.models import UserSession
from django.contrib.auth import signals as auth
from django.core.exceptions import SuspiciousOperation
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from portal import audit
from portal.models import AuditKind
from portal.project.failures import STAFF

_ERROR = "denied_by"  # an attribute of the request
WAYS = {"socialaccount": "single sign-on", "mfa": "second factor"}


@receiver(auth.user_logged_in)
def signed_in(request: HttpRequest, user: Any, **_: Any) -> None:
    records = get_authentication_records(request, user)
    ways = " and ".join(WAYS.get(each["method"], each["method"]) for each in records)
    what = f"Signed in by {ways or 'unknown'}"
    audit.note(AuditKind.SIGNED_IN, what, request=request, actor=user.get_username())


@receiver(auth.user_logged_out)
def signed_out(request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None:
        audit.note(AuditKind.SIGNED_OUT, "Signed out", request=request, actor=user.get_username())


@receiver(factors.authentication_failed)
def code_failed(request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    what = f"Wrong code ({authenticator.get_type_display()})"
    audit.note(AuditKind.SIGN_IN_FAILED, what, request=request, actor=user.get_username())


@receiver(account.authentication_step_completed)
def proven(request: HttpRequest, user: Any, method: str, **more: Any) -> None:
    if more.get("reauthenticated"):
        _renew(request)
        what = f"Proved again by {method}"
        audit.note(AuditKind.PROVEN, what, request=request, actor=user.get_username())


def _renew(request: HttpRequest) -> None:
    """Give the session a new key, as a sign-in does: who knew the old one has no proof."""
    old = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)


@receiver(factors.authenticator_added)
@receiver(factors.authenticator_removed)
@receiver(factors.authenticator_reset)
def factor_changed(
    request: HttpRequest, user: Any, authenticator: Any, signal: Any, **_: Any
) -> None:
    verbs = {factors.authenticator_added: "Added", factors.authenticator_removed: "Removed"}
    what = f"{verbs.get(signal, 'Renewed')}: {authenticator.get_type_display()}"
    audit.note(AuditKind.FACTOR, what, request=request, actor=user.get_username())


@receiver(account.password_changed)
def password_changed(request: HttpRequest, user: Any, **_: Any) -> None:
    audit.note(AuditKind.FACTOR, "Changed the password", request=request)


class DeniedMiddleware:
    """Note each request of a signed-in person that was denied, and each guess at a filter."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_guess = isinstance(_error(request), SuspiciousOperation)
        is_denied = response.status_code == 403 or is_guess
        if is_denied and request.path.startswith(STAFF) and request.user.is_authenticated:
            _note_denied(request, str(response.status_code), is_guess=is_guess)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """Keep why a request is denied."""
        setattr(request, _ERROR, error)


def _error(request: HttpRequest) -> Exception | None:
    found: Exception | None = getattr(request, _ERROR, None)
    return found


def _note_denied(request: HttpRequest, status: str, *, is_guess: bool) -> None:
    what = f"{request.method} {request.path}"
    about = str(_error(request) or "")
    # Guesses differ in what they guess: all of them at one page are counted together.
    among = f"{status} {what} {'' if is_guess else about}"
    audit.note_some(
        AuditKind.DENIED, what, request=request, about=about, result=status, among=among
    )
