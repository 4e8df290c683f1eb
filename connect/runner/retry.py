"""When to try again. Pure functions: no clock, no database, no chance but what is handed in."""

from datetime import timedelta

FIRST = timedelta(seconds=2)
LONGEST = timedelta(minutes=30)
GIVE_UP_AFTER = 15  # attempts in a row, which with the delays below take about four hours
REMINDERS = (timedelta(days=2), timedelta(days=5), timedelta(days=10))

_SECONDS, _MINUTES = timedelta(seconds=1), timedelta(minutes=1)


def back_off(attempt: int, after: timedelta | None, jitter: float) -> timedelta:
    """Return how long to wait after the n-th failed attempt in a row (n from 1).

    Doubles from two seconds to thirty minutes; `jitter` (0 to 1) takes up to a quarter off, so that
    tenants which failed together do not come back together. `after` is the peer's own Retry-After:
    never come back sooner than that.
    """
    doubled = FIRST * 2.0 ** min(attempt - 1, 20)
    spread = min(doubled, LONGEST) * (1 - jitter / 4)
    return max(spread, after) if after else spread


def poll_machine(waited: timedelta) -> timedelta:
    """Return the pause before the next look at something that a machine is doing.

    A quarter of the time waited so far, from one second to half a minute: quick answers are seen
    quickly, and a slow provisioning does not eat Heroku's call budget.
    """
    return min(max(waited / 4, _SECONDS), 30 * _SECONDS)


def poll_person(waited: timedelta) -> timedelta:
    """Return the pause before the next look at whether a person has authorized the connection."""
    if waited < timedelta(hours=1):
        return 20 * _SECONDS
    if waited < REMINDERS[-1]:
        return 10 * _MINUTES
    return 60 * _MINUTES


def reminders_due(waited: timedelta) -> int:
    """Return how many reminders should have been sent after that long."""
    return sum(waited >= delay for delay in REMINDERS)


def next_reminder(waited: timedelta) -> timedelta | None:
    """Return the time from now to the next reminder; None when all are sent."""
    return next((delay - waited for delay in REMINDERS if delay > waited), None)
