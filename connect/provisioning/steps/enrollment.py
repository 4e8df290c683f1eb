"""Enrolling an add-on with the ISV, so that a subscriber's admin needs no Heroku log-in."""

from django.conf import settings
from django.utils import timezone

from connect.clients import heroku, http
from connect.clients.accounts import app_of
from connect.models import BlockedKind
from connect.runner.lease import Claim
from connect.runner.outcomes import Blocked

# By Heroku's code; the texts are for staff.
_REFUSED = {
    "forbidden": (
        "The app {app} has to belong to the Heroku team of the ISV programme. Move it there with "
        "“heroku apps:transfer”, or correct HEROKU_CONNECT_ISV_SLUG, and retry."
    ),
    "not_found": (
        "Heroku knows no ISV “{slug}”, or does not find the add-on for it. Correct "
        "HEROKU_CONNECT_ISV_SLUG, or see that the token's account is in the ISV's team, and retry."
    ),
}
_ANOTHER_ISV = (
    "The add-on was enrolled before the portal asked, perhaps with another ISV. Look at the add-on "
    "at Heroku. If it is yours, retry: the portal then takes it as enrolled. If not, start over."
)
_IF_IT_LASTS = (
    "If this lasts, open a ticket with Heroku. Without HEROKU_CONNECT_ISV_SLUG the add-on is not "
    "enrolled, and the admin needs your help at Heroku's log-in."
)


def enroll(claim: Claim, addon: heroku.Addon) -> None:
    """Enroll an add-on. Safe to repeat. A refusal becomes a block that says what to do."""
    asked_before = claim.connection.enroll_requested_at is not None
    # Stored before the call: after a lost answer, “it has an ISV already” means that it is ours.
    claim.record(enroll_requested_at=timezone.now())
    slug = settings.HEROKU_CONNECT_ISV_SLUG
    try:
        heroku.enroll(app_of(claim.connection).account, slug, addon.id)
    except http.Conflict as error:
        if not asked_before:
            raise _blocked(claim, error, _ANOTHER_ISV) from error
    except http.Permanent as error:
        if error.code not in _REFUSED:
            raise
        raise _blocked(claim, error, _REFUSED[error.code]) from error
    except http.Retryable as error:
        if error.code != "internal_error":
            raise
        text = f"{error.message.rstrip('.')}. {_IF_IT_LASTS}"
        raise http.Retryable(error.system, error.status, text, error.request_id) from error


def _blocked(claim: Claim, error: http.RemoteError, what_to_do: str) -> Blocked:
    words = what_to_do.format(
        app=app_of(claim.connection).name, slug=settings.HEROKU_CONNECT_ISV_SLUG
    )
    return Blocked(BlockedKind.ISV_REFUSED, f"The ISV programme refuses. {error}. {words}")
