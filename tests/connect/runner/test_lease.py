from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection as database
from django.utils import timezone

from connect import sweeps
from connect.models import Connection, Stage
from connect.runner import lease
from tenants import leases
from tests import cast


@pytest.fixture
def connection(db: None) -> Connection:
    return cast.connect(cast.enrol(cast.ACME), Stage.LINKING)


def test_a_due_connection_can_be_taken_once(connection: Connection) -> None:
    assert lease.take(connection.pk) is not None
    assert lease.take(connection.pk) is None


def test_a_connection_that_is_not_due_is_taken_only_without_the_due_check(
    connection: Connection,
) -> None:
    later = timezone.now() + timedelta(hours=1)
    Connection.objects.update(next_attempt_at=later)
    assert lease.take(connection.pk) is None
    assert lease.take(connection.pk, due=False) is not None


def test_what_waits_for_staff_is_taken_only_for_staff(connection: Connection) -> None:
    Connection.objects.update(blocked_at=timezone.now(), blocked_reason="No such plan.")
    assert lease.take(connection.pk) is None
    assert lease.take(connection.pk, due=False) is None
    assert lease.take(connection.pk, blocked=True) is not None


def test_an_attempt_is_counted_before_the_work(connection: Connection) -> None:
    claim = lease.take(connection.pk)
    assert claim is not None
    assert claim.connection.attempts == 1


def test_the_lease_of_a_dead_process_expires(connection: Connection) -> None:
    dead = lease.take(connection.pk)
    assert dead is not None
    with time_machine.travel(timezone.now() + leases.LEASE):
        heir = lease.take(connection.pk)
        assert heir is not None
        with pytest.raises(leases.LostLease):
            dead.release(state="IDLE")
        heir.release(state="PAUSED")
    connection.refresh_from_db()
    assert (connection.state, connection.attempts, connection.lease) == ("PAUSED", 2, None)


def test_what_is_queued_comes_up_once_and_again_only_when_its_task_was_lost(
    connection: Connection,
) -> None:
    minute = timedelta(minutes=1)
    assert sweeps.queue_connections(minute) == 1
    assert sweeps.queue_connections(minute) == 0
    with time_machine.travel(timezone.now() + minute):
        assert sweeps.queue_connections(minute) == 1


def test_a_connection_with_a_held_lease_is_not_queued(connection: Connection) -> None:
    lease.take(connection.pk)
    assert sweeps.queue_connections(timedelta(minutes=1)) == 0


@pytest.mark.django_db(transaction=True)
def test_of_twenty_processes_exactly_one_gets_the_lease() -> None:
    connection = cast.connect(cast.enrol(cast.ACME), Stage.LINKING)

    def try_it(_: int) -> bool:
        try:
            return lease.take(connection.pk) is not None
        finally:
            database.close()

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(try_it, range(20))) == 1


def test_a_lease_outlasts_the_task_that_holds_it() -> None:
    assert leases.LEASE.total_seconds() > settings.TASK_TIMEOUT
