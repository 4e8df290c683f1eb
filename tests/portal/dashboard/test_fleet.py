"""How the fleet does, and whom it needs: what is counted is what the filters find."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connect.models import Connection, HealthSample, Mapping, Stage, WaitingOn
from portal import tasks
from portal.dashboard import fleet
from portal.dashboard.attention import CAUSES
from portal.dashboard.cards import health, times
from portal.dashboard.fleet import Health
from portal.models import FleetSample
from portal.project import schedules
from tenants.models import Event, EventKind, MessageStatus
from tests import cast
from tests.portal.admin import rows

pytestmark = pytest.mark.django_db
LATE = timedelta(hours=1)
SEEN = [
    ("IDLE", timedelta(), Health.WELL),
    ("IDLE", LATE, Health.UNSEEN),
    ("PAUSED", timedelta(), Health.PAUSED),
    ("PAUSED", LATE, Health.UNSEEN),
    ("POLLING_DB_CHANGES", timedelta(), Health.BUSY),
    ("A_WORD_NOBODY_KNOWS", timedelta(), Health.BUSY),
    ("SYSTEM_ERROR", timedelta(), Health.BROKEN),
    ("SYSTEM_ERROR", LATE, Health.BROKEN),
    ("", None, Health.UNSEEN),
]


@pytest.mark.parametrize(("state", "age", "expected"), SEEN)
def test_a_live_connection_has_exactly_one_health(
    state: str, age: timedelta | None, expected: Health
) -> None:
    now = timezone.now()
    seen_at = None if age is None else now - age
    rows.connection(cast.enrol(cast.ACME), state=state, seen_at=seen_at)
    assert {name for name, count in fleet.healths(now).items() if count} == {expected}
    found = [h for h in Health if Connection.objects.filter(fleet.condition(h, now)).exists()]
    assert found == [expected]


def test_a_sample_keeps_what_the_fleet_looks_like_and_old_ones_go() -> None:
    live = rows.connection(cast.enrol(cast.ACME), state="SYSTEM_ERROR")
    Mapping.objects.create(connection=live, object_name="Account", mapping_id="m", rows_failed=4)
    FleetSample.objects.create(
        at=timezone.now() - fleet.KEEP * 2,
        well=1,
        busy=0,
        paused=0,
        unseen=0,
        broken=0,
        rows_failed=0,
    )
    tasks.sample_fleet()
    assert tasks.prune() == 1
    (sample,) = fleet.samples(timezone.now() - LATE)
    assert (sample.broken, sample.well, sample.rows_failed) == (1, 0, 4)
    assert "portal.tasks.sample_fleet" in schedules.SCHEDULES


def test_a_day_of_samples_becomes_a_chart_of_those_that_are_not_well() -> None:
    now = timezone.now()
    for minutes in range(5, 24 * 60, 5):
        at = now - timedelta(minutes=minutes)
        FleetSample.objects.create(
            at=at,
            well=9,
            busy=1,
            paused=0,
            unseen=0,
            broken=2 if minutes == 5 else 0,
            rows_failed=0,
        )
    rows.connection(cast.enrol(cast.ACME))
    shown = health.read(None, now)
    assert shown["well_percent"] == "100.0 %"
    assert len(shown["chart"].points) <= health.MOST_POINTS
    broken = shown["chart"].layers[0]
    assert (broken.label, broken.last, shown["chart"].top) == ("Broken", 2, 5)


@pytest.mark.parametrize(
    ("part", "whole", "words"), [(0, 0, ""), (1, 1, "100.0 %"), (99_999, 100_000, "99.9 %")]
)
def test_less_than_all_is_never_called_all(part: int, whole: int, words: str) -> None:
    assert health._percent(part, whole) == words


# --- who needs somebody --------------------------------------------------------------------------

CASES: list[tuple[str, dict[str, Any]]] = [
    (
        "blocked",
        {"blocked_at": timezone.now(), "blocked_reason": "No.", "waiting_on": WaitingOn.STAFF},
    ),
    ("broken", {"state": "TOO_MANY_ROWS"}),
    ("staff", {"stage": Stage.WAITING_FOR_PROOF, "waiting_on": WaitingOn.STAFF}),
    (
        "silent",
        {
            "stage": Stage.WAITING_FOR_CONSENT,
            "waiting_on": WaitingOn.SUBSCRIBER,
            "stage_since": timezone.now() - timedelta(days=6),
        },
    ),
    ("", {"stage": Stage.WAITING_FOR_CONSENT, "waiting_on": WaitingOn.SUBSCRIBER}),
    ("", {"state": "IDLE"}),
    ("", {"stage": Stage.OFFBOARDED, "state": "SYSTEM_ERROR"}),
]


def causes_now() -> list[str]:
    now = timezone.now()
    return [cause.name for cause in CAUSES if cause.connections(now).exists()]


@pytest.mark.parametrize(("name", "facts"), CASES)
def test_each_trouble_has_one_cause_until_it_is_snoozed(name: str, facts: dict[str, Any]) -> None:
    row = rows.connection(cast.enrol(cast.ACME), **facts)
    assert causes_now() == ([name] if name else [])
    Connection.objects.filter(pk=row.pk).update(snoozed_until=timezone.now() + LATE)
    assert causes_now() == []
    Connection.objects.filter(pk=row.pk).update(snoozed_until=timezone.now() - LATE)
    assert causes_now() == ([name] if name else [])


@pytest.mark.parametrize("status", [MessageStatus.BOUNCED, MessageStatus.FAILED])
def test_a_subscriber_whose_mail_was_lost_is_not_called_silent(status: MessageStatus) -> None:
    tenant = cast.enrol(cast.ACME)
    rows.connection(
        tenant,
        Stage.WAITING_FOR_CONSENT,
        waiting_on=WaitingOn.SUBSCRIBER,
        stage_since=timezone.now() - timedelta(days=9),
    )
    sent = rows.message(tenant)
    assert causes_now() == ["silent"]
    sent.status = status
    sent.save()
    assert causes_now() == ["unreachable"]


def test_what_is_broken_is_as_old_as_the_last_good_look() -> None:
    now = timezone.now()
    row = rows.connection(cast.enrol(cast.ACME), state="SYSTEM_ERROR", live_at=now - LATE * 9)
    (cause,) = [each for each in CAUSES if each.name == "broken"]
    assert cause.oldest(now, 5) == [(now - LATE * 9, row)]
    for state, age in (("IDLE", 5), ("IDLE", 3), ("SYSTEM_ERROR", 2)):
        HealthSample.objects.create(
            connection=row,
            at=now - LATE * age,
            state=state,
            mappings=1,
            mappings_synced=1,
            rows_failed=0,
        )
    assert [since for since, _ in cause.oldest(now, 5)] == [now - LATE * 3]
    assert cause.why(row).startswith("SYSTEM_ERROR: restart the connection")


# --- how long it takes ---------------------------------------------------------------------------


def test_the_times_are_those_of_the_tenants_that_went_live() -> None:
    now = timezone.now()
    for minutes, who in ((10, cast.ACME), (20, cast.BOREALIS), (60, cast.CIRRUS)):
        start = now - timedelta(minutes=minutes)
        tenant = cast.enrol(who, at=start)
        rows.connection(tenant, live_at=now)
        for stage, at in ((Stage.LINKING, start), (Stage.LOADING, now - timedelta(minutes=2))):
            note(tenant.pk, at, stage)
        note(tenant.pk, now, Stage.LIVE)
    shown = times.read(None, now)
    assert (shown["count"], shown["median"], shown["p95"]) == (3, "20 min", "56 min")
    assert shown["stages"] == [
        ("Linking to Heroku Connect", "18 min", "54 min"),
        ("Loading data", "2 min", "2 min"),
    ]


def note(tenant_id: int, at: Any, stage: Stage) -> None:
    Event.objects.create(
        tenant_id=tenant_id, at=at, kind=EventKind.STAGE, text="x", data={"stage": stage}
    )


def test_nobody_live_is_no_time() -> None:
    assert times.read(None, timezone.now())["count"] == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_length_of_time_is_said_in_its_largest_units(seconds: float, words: str) -> None:
    assert times.in_words(timedelta(seconds=seconds)) == words
