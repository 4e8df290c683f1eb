"""The daily cap of new add-ons: each costs money, and anybody can send a callout.

A manager can raise the cap of a day. What waits for the next day continues then.
"""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from connect.models import AddonDay, Connection, Stage
from tenants import messages


def next_day(now: datetime) -> datetime:
    """Return when the next day begins (UTC)."""
    return datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)


def reserve(today: date) -> bool:
    """Count one more new add-on; False if the cap of the day is reached. Call in a transaction."""
    day = _locked(today)
    if day.ordered >= day.limit:
        _alert(day)
        return False
    day.ordered += 1
    day.save(update_fields=["ordered"])
    return True


@transaction.atomic
def allow_more(today: date, count: int, actor: str) -> AddonDay:
    """Raise the cap of a day, and make those due that wait for the next day."""
    day = _locked(today)
    AddonDay.objects.filter(pk=day.pk).update(extra=F("extra") + count, allowed_by=actor)
    day.refresh_from_db()
    waiting = Connection.objects.filter(
        stage=Stage.CREATING_ADDON, addon_requested_at=None, blocked_at=None
    )
    waiting.update(next_attempt_at=timezone.now())
    return day


def _locked(today: date) -> AddonDay:
    # A row that was made just now is seen by nobody else, so it needs no lock.
    return AddonDay.objects.select_for_update().get_or_create(day=today)[0]


def _alert(day: AddonDay) -> None:
    messages.notify_staff(
        None,
        # The number is in the key: a raised cap that is reached again is a new alert.
        key=f"addon-cap:{day.day}:{day.limit}",
        subject=f"{day.limit} new add-ons today: the daily cap is reached",
        text=(
            f"No more add-ons are ordered today (UTC), {day.day}. Further tenants wait until "
            f"tomorrow. If they are genuine, a manager can allow more under “New add-ons a day”. "
            f"The cap is NEW_ADDONS_PER_DAY, {settings.NEW_ADDONS_PER_DAY}."
        ),
    )
