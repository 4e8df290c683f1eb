"""The clock: signatures, leases and waits need one that is right."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from connect.clients import heroku_account
from connect.clients.accounts import OWN
from connect.formats import format_duration
from portal.doctor.checks import check
from portal.doctor.findings import Finding, Problem, failed, ok

MAX_DIFFERENCE = timedelta(seconds=30)


@check("clock", "Clock")
def clock() -> Finding:
    """Compare this machine's time with the database's, and with Heroku's if it answers."""
    found = [*_against("the database", _of_database())]
    theirs = heroku_account.clock(OWN)
    if theirs:
        found += _against("Heroku", theirs)
    if found:
        return failed(*found)
    peers = "the database and Heroku" if theirs else "the database; Heroku tells no time"
    return ok(f"Within {format_duration(MAX_DIFFERENCE)} of {peers}.")


def _of_database() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [now] = cursor.fetchone() or (timezone.now(),)
    assert isinstance(now, datetime)  # noqa: S101  (what the driver makes of it)
    return now


def _against(whose: str, now: datetime) -> list[Problem]:
    off = timezone.now() - now
    if abs(off) <= MAX_DIFFERENCE:
        return []
    how = "ahead of" if off > timedelta() else "behind"
    text = f"This machine's clock is {format_duration(abs(off))} {how} that of {whose}."
    return [Problem(text, "heroku ps:restart")]
