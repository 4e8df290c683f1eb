"""What happens when Heroku refuses the portal's own token: nothing can be done for any tenant."""

from datetime import timedelta

from django.utils import timezone

from connect.clients import http
from connect.formats import in_sentence, sentence
from connect.models import WaitingOn
from connect.runner.outcomes import Wait
from tenants import messages

PAUSE = timedelta(minutes=10)


def remedy(account: str) -> str:
    """Return what to do about the refused token of an account."""
    if account:
        return f"Enter a valid token of the account {account} at one of its host apps."
    return "Set HEROKU_API_TOKEN."


def alert(error: http.Unauthorized, account: str) -> None:
    """Notify staff, once a day, that nothing can be done before the token is replaced."""
    which = f"the token of the account {account}" if account else "the portal's token"
    all_of_it = f"All provisioning of {account}" if account else "All provisioning"
    messages.notify_staff(
        None,
        # The day in the key makes it one mail a day for any number of tenants.
        key=f"heroku-token-refused:{account}:{timezone.now():%Y-%m-%d}",
        subject=f"Heroku refuses {which}",
        text=f"{sentence(error.words)} {all_of_it} waits. {remedy(account)} "
        "The portal then continues within ten minutes.",
    )


def wait(account: str) -> Wait:
    """Return the wait for a new token."""
    reason = f"a working Heroku token: {in_sentence(remedy(account).rstrip('.'))}"
    return Wait(timezone.now() + PAUSE, reason, WaitingOn.STAFF)
