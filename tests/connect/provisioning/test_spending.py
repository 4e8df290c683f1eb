"""The daily cap of new add-ons."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from django.db import connections, transaction
from pytest_django.fixtures import Settings

from connect.models import AddonDay, Stage
from connect.provisioning import spending
from connect.provisioning.steps import addon
from connect.runner import lease
from connect.runner.outcomes import Wait
from tenants.models import Message
from tests import cast

TODAY = date(2026, 11, 26)


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_share_what_is_left_of_a_day(settings: Settings) -> None:
    settings.NEW_ADDONS_PER_DAY = 7

    def reserve(_: int) -> bool:
        try:
            with transaction.atomic():
                return spending.reserve(TODAY)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(reserve, range(20))) == 7
    assert AddonDay.objects.get().ordered == 7
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_each_day_has_its_own_count_and_a_raised_cap_alerts_again(settings: Settings) -> None:
    settings.NEW_ADDONS_PER_DAY = 1
    assert [spending.reserve(TODAY) for _ in range(3)] == [True, False, False]
    assert spending.reserve(date(2026, 11, 27))
    spending.allow_more(TODAY, 1, "mia")
    assert [spending.reserve(TODAY) for _ in range(3)] == [True, False, False]
    assert Message.objects.count() == 2


@pytest.mark.django_db
def test_over_the_cap_nothing_is_ordered_and_nothing_stored_before_midnight(
    settings: Settings,
) -> None:
    settings.NEW_ADDONS_PER_DAY = 1
    spending.reserve(datetime.now(UTC).date())
    made = cast.connect(cast.enrol(cast.ACME), Stage.CREATING_ADDON)
    claim = lease.take(made.pk)
    assert claim is not None
    waited = addon.creating_addon(claim)
    assert isinstance(waited, Wait)
    assert waited.until is not None
    assert (waited.until.hour, waited.until.minute) == (0, 0)
    made.refresh_from_db()
    assert (made.addon_requested_at, made.addon_name) == (None, "")


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (datetime(2026, 11, 26, 0, 0, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_next_day_begins_at_midnight_utc(now: datetime, then: datetime) -> None:
    assert spending.next_day(now) == then
