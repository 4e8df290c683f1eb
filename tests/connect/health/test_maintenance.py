"""Grants that would expire are used, packages looked for, connections diagnosed."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
import time_machine
from django.utils import timezone

from connect import tasks
from connect.health import diagnose, in_time, maintenance
from connect.models import Diagnosis, Health, Incident, IncidentKind, Notification, Stage
from connect.operations import connection as operations
from tenants.models import SalesforceGrant
from tests import cast, queue
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db


def operate(name: str, connection_id: int) -> str:
    """Run an operation for olga; return the result as a sentence."""
    return operations.operate(name, connection_id, "olga", {}).text


def tokens_asked(journey: Journey) -> int:
    return journey.calls("POST", "/services/oauth2/token")


def test_an_idle_grant_is_refreshed_before_it_expires(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    before = tokens_asked(journey)
    with time_machine.travel(timezone.now(), tick=True) as clock:
        assert maintenance.refresh_idle_grants() == 0
        for _ in range(4):  # each time more than half of Salesforce's 30 days
            clock.shift(timedelta(days=21))
            assert maintenance.refresh_idle_grants() == 1
            assert maintenance.refresh_idle_grants() == 0
    assert tokens_asked(journey) == before + 4
    assert SalesforceGrant.objects.get().status == "active"


def test_orgs_that_are_away_do_not_keep_off_the_other_idle_grants(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    journey.reach(Stage.LIVE)
    SalesforceGrant.objects.update(refreshed_at=timezone.now() - timedelta(days=21))
    monkeypatch.setattr(maintenance, "MAX_AT_A_TIME", 1)
    away = cast.enrol(cast.BOREALIS)  # a sandbox
    SalesforceGrant.objects.create(
        tenant=away,
        access_token="old",
        refresh_token="old",
        issued_at=timezone.now() - timedelta(days=25),
    )
    journey.running.fail("salesforce", path="/test.salesforce.com/", status=503)
    assert any(maintenance.refresh_idle_grants() for _ in range(40))


def test_a_package_is_looked_for_once_a_day_without_changing_the_org(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    posts = journey.calls("POST", "/services/apexrest")
    looks = journey.calls("GET", "/services/apexrest/AuthConnection")
    assert maintenance.probe_packages() == 1
    assert maintenance.probe_packages() == 0
    assert journey.calls("GET", "/services/apexrest/AuthConnection") == looks + 1
    assert journey.calls("POST", "/services/apexrest") == posts
    assert Health.objects.get(connection=connection).package_gone_at is None


def test_a_package_that_is_gone_and_comes_back(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    control = f"{journey.running.url}/control/orgs/{journey.org_id}"
    requests.post(f"{control}/uninstall", timeout=10).raise_for_status()
    assert maintenance.probe_package(connection)
    incident = Incident.objects.get()
    assert (incident.kind, incident.status) == (IncidentKind.UNINSTALLED, "open")
    requests.post(f"{control}/install", timeout=10).raise_for_status()
    assert maintenance.probe_package(connection)
    incident.refresh_from_db()
    assert incident.status == "closed"


def test_an_unreachable_org_does_not_change_the_package_status(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    journey.fault("salesforce", "GET", "/services/apexrest", status=503, times=5)
    assert not maintenance.probe_package(connection)
    assert not Incident.objects.exists()


def test_a_new_connection_is_diagnosed_at_once_and_then_every_night(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    assert diagnose.start_due() == 1
    assert diagnose.collect() == 1
    done = Diagnosis.objects.get()
    # The shipped mappings have no fault; only logging is not configured.
    assert (done.errors, done.warnings) == (0, 1)
    assert {"REGIONS_SHOULD_MATCH", "SHOULD_HAVE_VALID_SF_PERMISSIONS"} <= {
        each["rule"] for each in done.findings
    }
    assert all(each["link"].startswith("https://") for each in done.findings)
    tomorrow = datetime.combine(timezone.now() + timedelta(days=1), datetime.min.time(), UTC)
    for hour, started in ((12, 0), (26, 1), (27, 0)):
        with time_machine.travel(tomorrow + timedelta(hours=hour), tick=False):
            assert diagnose.start_due() == started
    assert connection.diagnoses.count() == 2


def test_a_diagnosis_that_takes_its_time_is_fetched_later(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    journey.running.behave(validation_seconds=3600)
    operate("diagnose", connection.pk)
    assert diagnose.collect() == 0
    journey.running.advance(3601)
    assert diagnose.collect() == 1
    done = Diagnosis.objects.get()
    assert (done.actor, done.ended_at is not None) == ("olga", True)


def test_diagnoses_in_a_region_that_hangs_leave_time_for_the_other_work(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = journey.reach(Stage.LIVE)
    for number in range(5):
        Diagnosis.objects.create(connection=connection, actor="", run_id=f"run {number}")
    monkeypatch.setattr(in_time, "MAX_SECONDS", 0.3)
    journey.running.clear_calls()
    journey.running.fail("region", delay=0.2, status=503)
    diagnose.collect()
    # Each asks three times.
    assert journey.calls("GET", "/connections/") == 3


def test_a_diagnosis_whose_worker_died_does_not_keep_off_the_next(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    asked_at = timezone.now() - 2 * diagnose.RESULT_TIMEOUT
    Diagnosis.objects.create(connection=connection, asked_at=asked_at, actor="olga")
    assert "one is running already" in operate("diagnose", connection.pk)
    assert diagnose.collect() == 0
    assert "started" in operate("diagnose", connection.pk)


def test_a_region_and_a_permission_that_do_not_fit_are_found(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    journey.running.behave(regions_match=False)
    user = journey.admin.user.replace("/", "/users/")
    journey.running.control("PATCH", f"orgs/{user}", {"view_all_data": False})
    tasks.refresh_health()
    tasks.maintain_health()
    tasks.check_incidents()
    queue.drain()
    bad = {each["rule"]: each["pile"] for each in Diagnosis.objects.get().findings}
    assert bad["REGIONS_SHOULD_MATCH"] == "warnings"
    assert bad["SHOULD_HAVE_VALID_SF_PERMISSIONS"] == "errors"
    tasks.refresh_connection(connection.pk)
    assert Health.objects.get().view_all_data is False


def test_notifications_are_kept_and_acknowledged_by_a_person(journey: Journey) -> None:
    connection = journey.reach(Stage.LIVE)
    path = f"connections/{connection.connection_id}/notifications"
    for _ in range(2):
        notification = {"event_type": "mapping-error", "message": "Account: BAD_CONFIG"}
        journey.running.control("POST", path, notification)
    assert diagnose.fetch_notifications(connection) == 2
    assert diagnose.fetch_notifications(connection) == 2
    assert Notification.objects.filter(acknowledged_at=None).count() == 2
    assert "2 notifications" in operate("acknowledge", connection.pk)
    assert journey.running.connection(connection.connection_id)["notifications"] == []
    assert set(Notification.objects.values_list("acknowledged_by", flat=True)) == {"olga"}
