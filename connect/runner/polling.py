"""How often and how long the portal looks for what Heroku has to do."""

from datetime import datetime, timedelta

from django.utils import timezone

from connect.models import WaitingOn
from connect.runner.outcomes import Facts, Wait

HEROKU_PATIENCE = timedelta(minutes=45)
LOADING_PATIENCE = timedelta(hours=24)
IMPORT_GRACE = timedelta(seconds=60)  # Heroku Connect shows an import some seconds after the POST
MIN_PAUSE = timedelta(seconds=1)
MAX_PAUSE = timedelta(seconds=30)


def pause(waited: timedelta) -> timedelta:
    """Return the pause before the next look.

    A quarter of the time waited so far, from one second to half a minute: a quick answer is seen
    quickly, and a slow one does not use up Heroku's call budget.
    """
    return min(max(waited / 4, MIN_PAUSE), MAX_PAUSE)


def poll(
    reason: str,
    since: datetime,
    patience: timedelta = HEROKU_PATIENCE,
    facts: Facts | None = None,
) -> Wait:
    """Return the wait for something that Heroku has been doing since then."""
    now = timezone.now()
    return Wait(now + pause(now - since), reason, WaitingOn.HEROKU, patience, facts or {})
