"""Heroku's call budget: stored for all workers, and reserved for provisioning when it is low."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from connect.clients import budget, heroku, heroku_connect, http
from connect.clients.accounts import Account, App
from connect.models import ApiBudget
from tests.connect.clients.rawpeer import RawPeer, says
from tests.connect.clients.test_heroku import ADDON, APP, NAME, SEEN, refuses


@pytest.fixture(autouse=True)
def _here(raw: RawPeer, settings: Settings, impatient: None) -> None:
    settings.HEROKU_API_URL = raw.url


@pytest.mark.django_db
def test_what_is_left_is_kept_where_all_workers_see_it(raw: RawPeer) -> None:
    raw.plays(says(json.dumps(ADDON), RateLimit_Remaining=4321))
    heroku.find_addon(APP, NAME)
    assert ApiBudget.objects.get(peer="heroku").remaining == 4321


@pytest.mark.django_db
def test_a_refusal_shows_the_remaining_calls_too(raw: RawPeer) -> None:
    raw.plays(refuses(429, "rate_limit", "Limit.", RateLimit_Remaining=0))
    with pytest.raises(http.Retryable) as caught:
        heroku.find_addon(APP, NAME)
    assert caught.value.after == timedelta(seconds=30)
    assert ApiBudget.objects.get(peer="heroku").remaining == 0


@pytest.mark.django_db
def test_a_note_costs_one_write_in_five_seconds_unless_calls_run_short(
    raw: RawPeer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def call(left: int) -> None:
        raw.plays(says(json.dumps(ADDON), RateLimit_Remaining=left))
        heroku.find_addon(APP, NAME)

    with django_assert_num_queries(1):
        for left in (4000, 3999, 3998):
            call(left)
    with django_assert_num_queries(1):
        for left in (499, 498, 497):
            call(left)
    assert ApiBudget.objects.get(peer="heroku").remaining == 499


@pytest.mark.parametrize("value", ["", "many", "-1", "²"])
def test_an_unreadable_remainder_is_left_alone(raw: RawPeer, value: str) -> None:
    raw.plays(says(json.dumps(ADDON), RateLimit_Remaining=value))
    assert heroku.find_addon(APP, NAME) == SEEN


@pytest.mark.django_db
def test_the_last_calls_are_kept_for_provisioning(raw: RawPeer) -> None:
    raw.plays(says(json.dumps(ADDON)))
    ApiBudget.objects.create(peer="heroku", remaining=499)
    assert not budget.allows_background_work()
    assert heroku.find_addon(APP, NAME) == SEEN


@pytest.mark.django_db
def test_calls_come_back_by_the_minute() -> None:
    now = timezone.now()
    ApiBudget.objects.create(peer="heroku", remaining=400, seen_at=now - timedelta(minutes=2))
    assert budget.allows_background_work()


@pytest.mark.parametrize(
    ("remaining", "minutes", "left"),
    [(0, 0, 0), (0, 2, 150), (4499, 5, 4500), (9000, 5, 9000), (100, -5, 100), (0, 600, 4500)],
)
def test_the_remaining_calls_are_estimated_from_the_last_record(
    remaining: int, minutes: int, left: int
) -> None:
    now = timezone.now()
    stored = ApiBudget(remaining=remaining, seen_at=now - timedelta(minutes=minutes))
    assert budget.calls_left(stored, now) == left


@pytest.mark.django_db
def test_with_nothing_noted_background_work_may_call() -> None:
    assert budget.allows_background_work()


# --- Heroku Connect, whose calls the portal counts itself ----------------------------------------


def left_at_connect(account: str) -> int | None:
    return budget.left(timezone.now(), budget.CONNECT, account)


@pytest.mark.django_db
def test_calls_to_heroku_connect_are_counted_for_each_account(
    raw: RawPeer, settings: Settings
) -> None:
    settings.HEROKU_CONNECT_URL = raw.url
    for account in (Account(), Account("eu", "HRKU-eu"), Account("us", "HRKU-us")):
        raw.plays(says('{"connections": []}'))
        heroku_connect.link(App("isv-connect", account))
        assert left_at_connect(account.name) == budget.BUDGET - 1
    assert budget.left(timezone.now(), budget.PLATFORM) is None


@pytest.mark.django_db
def test_many_calls_to_heroku_connect_are_stored_together(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):
        for _ in range(1 + budget.MAX_UNSTORED):
            budget.recorder.count("eu")
    assert left_at_connect("eu") == budget.BUDGET - 1 - budget.MAX_UNSTORED


@pytest.mark.django_db
def test_background_work_waits_for_the_api_and_the_account_that_it_uses() -> None:
    ApiBudget.objects.create(peer="connect:eu", remaining=budget.RESERVE - 1)
    assert not budget.allows_background_work("eu")
    assert not budget.allows_background_work("eu", [budget.CONNECT])
    assert budget.allows_background_work("eu", [budget.PLATFORM])
    assert budget.allows_background_work()
    assert budget.lowest(timezone.now()) == ("connect:eu", budget.RESERVE - 1)
