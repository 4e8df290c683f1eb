"""/healthz speaks of the process; /readyz names what keeps the portal from its work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from connect.models import Stage
from portal.models import BulkRun, Heartbeat
from portal.project import probes, waiting
from tenants import messages, sweeps
from tenants.models import Message, Switch
from tests import cast, redis

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
    assert answer.json() == {"status": "ok", "portal": probes.alive()["portal"]}
    assert "no-store" in answer["Cache-Control"]


def test_healthz_differs_between_installations_by_name_or_by_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = {probes.alive()["portal"]}
    for name, value in (("APP_NAME", "multiconnect-trial"), ("SECRET_KEY", "k" * 50)):
        monkeypatch.setattr(settings, name, value)
        seen.add(probes.alive()["portal"])
    assert len(seen) == 3


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
    assert answer.json()["problems"] == [
        "The last worker heartbeat is 90 s old: heroku ps:scale worker=1."
    ]


def test_one_living_worker_of_several_is_enough(client: Client, worker: Heartbeat) -> None:
    late_heartbeat(90)
    assert client.get("/readyz").status_code == 200


def test_readyz_notices_a_queue_that_nobody_empties(client: Client, worker: Heartbeat) -> None:
    queued(seconds_ago=400)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == [
        "The oldest queued task has waited 400 s: heroku ps:restart worker."
    ]
    assert answer.json()["queue_age"] >= 400


def test_readyz_says_that_work_waits_and_no_worker_lives(client: Client) -> None:
    late_heartbeat(20)
    assert client.get("/readyz").status_code == 200  # nothing to do, and a beat may be late
    queued(seconds_ago=10)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == [
        "No worker, and work waits. The last worker heartbeat is 20 s old: "
        "heroku ps:scale worker=1."
    ]
    assert int(answer["Retry-After"]) > 0


def _connection(due_at: datetime) -> None:
    cast.connect(cast.enrol(cast.ACME), Stage.LINKING, next_attempt_at=due_at)


def _message(due_at: datetime) -> None:
    messages.notify_staff(None, "key", "A subject", "A text.")
    Message.objects.update(next_attempt_at=due_at)


def _run(due_at: datetime) -> None:
    BulkRun.objects.create(action="pause", label="Pause", total=1, next_attempt_at=due_at)


@pytest.mark.parametrize("work", [_connection, _message, _run])
def test_readyz_asks_the_rows_and_not_the_queue_alone(
    client: Client, worker: Heartbeat, work: Callable[[datetime], None]
) -> None:
    # With a clock that stands still: the probe may take more than a second on a busy machine.
    with time_machine.travel(timezone.now(), tick=False):
        work(timezone.now() - timedelta(seconds=400))
        OrmQ.objects.all().delete()
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == [
        "The oldest queued task has waited 400 s: heroku ps:restart worker."
    ]


def test_what_a_kill_switch_holds_does_not_wait_for_a_worker(
    client: Client, worker: Heartbeat
) -> None:
    _connection(timezone.now() - timedelta(hours=1))
    Switch.objects.create(name="provisioning", on=False, why="x")
    assert client.get("/readyz").json()["queue_age"] is None
    assert sweeps.run() == 0


def test_readyz_asks_redis(
    client: Client, worker: Heartbeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conf, "BROKER_CLASS", "portal.project.brokers.RedisBroker")
    with redis.running() as (url, _):
        monkeypatch.setattr(settings, "REDIS_URL", url)
        assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == [waiting.REDIS_IS_AWAY]
    assert client.get("/healthz").status_code == 200


def test_a_task_of_the_databases_queue_does_not_wait_any_more_where_redis_is_the_queue(
    client: Client, worker: Heartbeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(seconds_ago=400)
    assert client.get("/readyz").json()["queue_age"] >= 400
    monkeypatch.setattr(Conf, "BROKER_CLASS", "portal.project.brokers.RedisBroker")
    with redis.running() as (url, _):
        monkeypatch.setattr(settings, "REDIS_URL", url)
        assert client.get("/readyz").json()["queue_age"] is None


@contextmanager
def read_only() -> Iterator[None]:
    """Let the database refuse every write, as a standby does."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        yield
        cursor.execute("SET default_transaction_read_only = off")


@pytest.mark.django_db(transaction=True)
def test_a_read_only_database_is_said_and_callouts_come_again(worker: Heartbeat) -> None:
    client = Client(raise_request_exception=False)
    body = {"org_id": cast.ACME["org_id"], "org_name": "A", "admin_email": "a@b.example"}
    with read_only():
        ready = client.get("/readyz")
        callout = client.post("/organizations", body, content_type="application/json")
    assert (ready.status_code, ready.json()["problems"]) == (503, [probes.READ_ONLY])
    assert callout.status_code == 503
    assert "cannot store anything" in callout.json()["message"]
    assert all(int(answer["Retry-After"]) > 0 for answer in (ready, callout))


def test_tasks_under_work_are_not_waiting(client: Client, worker: Heartbeat) -> None:
    queued(seconds_ago=-200)
    assert client.get("/readyz").json()["queue_age"] is None


def test_readyz_notices_a_database_that_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
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
