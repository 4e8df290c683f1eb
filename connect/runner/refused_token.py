"""What happens when Heroku refuses the portal's own token: nothing can be done for any tenant."""

from datetime import timedelta

from django.utils import timezone

from connect.clients import http
from connect.formats import sentence
from connect.models import WaitingOn
from connect.runner.outcomes import Wait
from tenants import messages

PAUSE = timedelta(minutes=10)


def alert(error: http.Unauthorized) -> None:
    """Notify staff, once a day, that nothing can be done before the token is replaced."""
    messages.notify_staff(
        None,
        # The day in the key makes it one mail a day for any number of tenants.
        key=f"heroku-token-refused:{timezone.now():%Y-%m-%d}",
        subject="Heroku refuses the portal's token",
        text=f"{sentence(error.words)} All provisioning waits. Set HEROKU_API_TOKEN to a valid "
        "token; the portal then continues within ten minutes.",
    )


def wait() -> Wait:
    """Return the wait for a new token."""
    reason = "a working Heroku token: set HEROKU_API_TOKEN"
    return Wait(timezone.now() + PAUSE, reason, WaitingOn.STAFF)
