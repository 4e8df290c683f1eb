"""/healthz speaks of the process; /readyz names what keeps the portal from its work."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from portal.models import Heartbeat
from portal.project import probes

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> Heartbeat:
    """A worker that beat a moment ago."""
    return Heartbeat.objects.create(worker="host:1")


def late_heartbeat(seconds: int) -> None:
    Heartbeat.objects.create(worker="host:2", beat_at=timezone.now() - timedelta(seconds=seconds))


def queued(seconds_ago: int) -> None:
    OrmQ.objects.create(
        key="multiconnect", payload="", lock=timezone.now() - timedelta(seconds=seconds_ago)
    )


def test_healthz_answers_without_a_query(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_cannot_be_posted_to(path: str, client: Client) -> None:
    assert client.post(path).status_code == 405


def test_readyz_is_content_with_a_living_worker_and_an_empty_queue(
    client: Client, worker: Heartbeat
) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert answer.json()["problems"] == []
    assert answer.json()["worker_heartbeat_age"] < 60
    assert answer.json()["queue_age"] is None


def test_readyz_shows_how_to_start_the_first_worker(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["No worker has ever run: heroku ps:scale worker=1."]


def test_readyz_notices_a_silent_worker(client: Client) -> None:
    late_heartbeat(90)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["The last worker heartbeat is 90 s old."]


def test_one_living_worker_of_several_is_enough(client: Client, worker: Heartbeat) -> None:
    late_heartbeat(90)
    assert client.get("/readyz").status_code == 200


def test_readyz_notices_a_queue_that_nobody_empties(client: Client, worker: Heartbeat) -> None:
    queued(seconds_ago=400)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["The oldest queued task has waited 400 s."]
    assert answer.json()["queue_age"] >= 400


def test_tasks_under_work_are_not_waiting(client: Client, worker: Heartbeat) -> None:
    queued(seconds_ago=-200)
    assert client.get("/readyz").json()["queue_age"] is None


def test_readyz_notices_a_database_that_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_now: object) -> None:
        raise DatabaseError("connection refused")

    monkeypatch.setattr(probes, "heartbeat_age", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["The database cannot be reached."]


def test_readyz_notices_missing_migrations(
    client: Client, worker: Heartbeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes._Seen, "migrated", False)
    monkeypatch.setattr(
        "django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: ["one", "two"]
    )
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["2 migrations are not applied: python manage.py migrate."]
