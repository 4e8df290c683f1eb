"""How many callouts the portal listens to."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connections
from django.utils import timezone
from pytest_django.fixtures import Settings

from tenants import limits
from tenants.models import RateBucket

BODY = b'{"org_id":"00DB00000002NDmMAM"}'


def drain(times: int, address: str | None = "192.0.2.1", body: bytes = b"") -> list[int]:
    return [wait(address, body) for _ in range(times)]


def wait(address: str | None, body: bytes, *, signed: bool = False) -> int:
    return limits.seconds_to_wait(limits.of_callout(address, body, signed=signed))


@pytest.mark.django_db
def test_a_full_bucket_lets_an_hours_worth_through_at_once(settings: Settings) -> None:
    settings.REGISTRATIONS_PER_HOUR = 3
    with time_machine.travel(timezone.now(), tick=False):
        assert drain(4) == [0, 0, 0, 1200]


@pytest.mark.django_db
def test_a_bucket_refills_evenly_and_never_beyond_its_size(settings: Settings) -> None:
    settings.REGISTRATIONS_PER_HOUR = 3
    with time_machine.travel(timezone.now(), tick=False) as clock:
        drain(3)
        clock.shift(timedelta(seconds=1199))
        assert drain(1) == [1]
        clock.shift(timedelta(seconds=1))
        assert drain(2) == [0, 1200]
        clock.shift(timedelta(days=9))
        assert drain(4) == [0, 0, 0, 1200]


@pytest.mark.django_db
def test_a_clock_that_runs_backwards_gives_no_tokens(settings: Settings) -> None:
    settings.REGISTRATIONS_PER_HOUR = 1
    with time_machine.travel(timezone.now(), tick=False) as clock:
        drain(1)
        clock.shift(timedelta(minutes=-4))
        assert drain(1) == [3600]


@pytest.mark.django_db
def test_addresses_do_not_share_a_bucket_but_a_v6_network_does(settings: Settings) -> None:
    settings.REGISTRATIONS_PER_HOUR = 1
    assert [drain(1, address) for address in ("192.0.2.1", "192.0.2.2")] == [[0], [0]]
    assert drain(1, "2001:db8:0:1::1") == [0]
    assert drain(1, "2001:db8:0:1:ffff::9")[0] > 0
    assert drain(1, "2001:db8:0:2::1") == [0]
    assert drain(1, None) == [0]
    assert drain(1, None)[0] > 0


@pytest.mark.django_db
def test_one_org_and_all_together_are_limited_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_ORG_PER_HOUR", 2)
    settings.REGISTRATIONS_PER_HOUR_TOTAL = 4
    assert [drain(1, f"192.0.2.{n}", BODY) for n in range(2)] == [[0], [0]]
    assert drain(1, "192.0.2.9", BODY.replace(b"MAM", b""))[0] > 0  # the same org, in short
    assert [drain(1, f"192.0.2.1{n}") for n in range(2)] == [[0], [0]]
    assert drain(1, "192.0.2.20")[0] > 0


@pytest.mark.django_db
def test_strangers_cannot_empty_the_buckets_of_signed_callouts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_ORG_PER_HOUR", 2)
    settings.REGISTRATIONS_PER_HOUR = settings.REGISTRATIONS_PER_HOUR_TOTAL = 2
    assert drain(3, body=BODY)[-1] > 0
    assert [wait("192.0.2.1", BODY, signed=True) for _ in range(2)] == [0, 0]
    assert wait("192.0.2.1", BODY, signed=True) > 0


@pytest.mark.django_db
def test_a_bucket_may_hold_more_than_an_hours_refill() -> None:
    bucket = limits.of_recipient("digest")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        waits = [limits.seconds_to_wait([bucket]) for _ in range(4)]
        assert waits == [0, 0, 0, 8 * 3600]
        clock.shift(timedelta(days=2))
        assert [limits.seconds_to_wait([bucket]) for _ in range(4)][:3] == [0, 0, 0]


@pytest.mark.django_db
def test_a_refusal_writes_nothing(settings: Settings) -> None:
    settings.REGISTRATIONS_PER_HOUR = 1
    drain(1)
    before = list(RateBucket.objects.values())
    assert drain(3) == [pytest.approx(3600, abs=2)] * 3
    assert list(RateBucket.objects.values()) == before


@pytest.mark.django_db(transaction=True)
def test_twenty_threads_share_ten_tokens(settings: Settings) -> None:
    settings.REGISTRATIONS_PER_HOUR = 10

    def take(_: int) -> int:
        try:
            return wait("192.0.2.1", b"")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(take, range(20))).count(0) == 10


@pytest.mark.django_db
def test_a_broken_limiter_accepts_callouts_and_logs_the_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> int:
        raise DatabaseError("the table is gone")

    monkeypatch.setattr(limits, "take_all", fail)
    assert wait("192.0.2.1", BODY) == 0
    assert "limiter failed" in caplog.text


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "192.0.2.7"),
        (0, "203.0.113.5", "192.0.2.7"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "6.6.6.6, 203.0.113.5", "203.0.113.5"),
        (1, "6.6.6.6,203.0.113.5 , ", "203.0.113.5"),
        (2, "6.6.6.6, 203.0.113.5, 198.51.100.1", "203.0.113.5"),
        (2, "203.0.113.5", "192.0.2.7"),  # fewer hops than there are proxies
        (1, "", "192.0.2.7"),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "not an address", None),
        (1, "203.0.113.5'; DROP TABLE", None),
    ],
)
def test_the_address_is_what_the_trusted_proxies_saw(
    settings: Settings, proxies: int, forwarded: str, address: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies
    meta = {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": forwarded}
    assert limits.remote_address(meta) == address
