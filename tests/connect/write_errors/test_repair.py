"""Failed writes are retried in the way of their write mode, or ignored; and the results."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import requests
from django.conf import settings as portal_settings
from django.db import connection as database
from django.utils import timezone
from psycopg import sql

from connect import tasks
from connect.models import (
    Connection,
    Health,
    RepairResult,
    SkipReason,
    Stage,
    WriteError,
    WriteRepair,
)
from connect.operations import base
from connect.operations import writes as operations
from connect.write_errors import preview, repair, repair_results, scan, trigger_log
from tenants.models import Event, EventKind
from tests import queue
from tests.connect.journey import Journey
from tests.connect.write_errors.schemas import documented_rights

pytestmark = pytest.mark.django_db(transaction=True)
REFUSED = "Name must not hold a bad word"


class Writes:
    """A live tenant whose org refuses what is bad, and its rows."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        self.connection = journey.reach(Stage.LIVE)
        self.control(
            f"/orgs/{journey.org_id}/rules",
            object_name="Account",
            field="Name",
            pattern="bad",
            message=REFUSED,
        )

    def control(self, path: str, method: str = "POST", **document: Any) -> None:
        url = f"{self.journey.running.url}/control{path}"
        requests.request(method, url, json=document or None, timeout=10).raise_for_status()

    def run(self, statement: str, *values: Any) -> Any:
        """Run SQL as the tenant's own application would; {s} is the schema."""
        text = sql.SQL(statement).format(s=sql.Identifier(self.connection.schema_name))
        with database.cursor() as cursor:
            cursor.execute(text, values)
            return cursor.fetchall() if cursor.description else None

    def sync(self) -> None:
        self.control("/sync")
        tasks.scan_writes()

    def remove_the_cause(self) -> None:
        self.control(f"/orgs/{self.journey.org_id}/rules", "DELETE")

    def records(self) -> list[str]:
        found = self.journey.running.records(self.journey.org_id, "Account")
        names = (str(each["Name"]) for each in found)
        return sorted(name for name in names if name != "Northwind")


BOTH_MODES = pytest.mark.parametrize("writes", ["ordered", "merged"], indirect=True)


@pytest.fixture
def writes(request: pytest.FixtureRequest, journey: Journey) -> Writes:
    """Three bad accounts that were refused and a good one that was not, in either write mode."""
    mode = getattr(request, "param", "ordered")
    journey.running.behave(merged_writes=mode == "merged")
    writes = Writes(journey)
    if journey.running.connections()[0]["merged_writes"] != (mode == "merged"):
        pytest.fail("ordered writes need Postgres' hstore")
    for body in ("bad 1", "bad 2", "bad 3", "good"):
        writes.run("INSERT INTO {s}.account (name) VALUES (%s)", body)
    writes.sync()
    assert Health.objects.get().ordered_writes == (mode == "ordered")
    return writes


def the_error() -> WriteError:
    return WriteError.objects.get()


def act(error: WriteError, action: str, chosen: list[tuple[str, int]] | None = None) -> str:
    """Repair and scan, as the worker does after a press."""
    wanted = {"table": error.table_name, "cause": error.cause, "chosen": chosen}
    report = base.perform(operations.REGISTRY[action], error.connection_id, "olga", wanted)
    scan.scan([error.connection_id])
    return report.text


@BOTH_MODES
def test_a_bulk_retry_succeeds_once_its_cause_is_removed(writes: Writes) -> None:
    error = the_error()
    assert (error.failed, error.table_name) == (3, "account")
    assert error.cause == "FIELD_CUSTOM_VALIDATION_EXCEPTION: other message"
    writes.remove_the_cause()
    assert "3 writes" in act(error, "retry")
    assert WriteRepair.objects.filter(ended_at=None).count() == 3
    # Somebody else's second click sends nothing twice.
    assert "skipped, account: no such write has failed any more" in act(error, "retry")
    writes.sync()
    assert writes.records() == ["bad 1", "bad 2", "bad 3", "good"]
    assert set(WriteRepair.objects.values_list("result", flat=True)) == {"SUCCESS"}
    assert not WriteError.objects.exists()
    event = Event.objects.get(kind=EventKind.STAFF_ACTION, text__contains="3 writes")
    assert (event.actor, event.data["cause"]) == ("olga", error.cause)


@contextmanager
def restricted_role(writes: Writes, *, ordered: bool) -> Iterator[None]:
    """Work as a role that has the rights of the page on the tenant's schema."""
    name = f"restricted_{os.getpid()}"  # of all databases
    role = sql.Identifier(name)
    own = sql.SQL("""
        CREATE ROLE {role};
        GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
        GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role};
    """)
    with database.cursor() as cursor:
        cursor.execute(own.format(role=role))
        try:
            schema = writes.connection.schema_name
            cursor.execute(documented_rights(schema, name, ordered=ordered))
            cursor.execute(sql.SQL("SET ROLE {}").format(role))
            yield
        finally:
            cursor.execute("RESET ROLE")
            cursor.execute(sql.SQL("DROP OWNED BY {role}; DROP ROLE {role}").format(role=role))


@BOTH_MODES
def test_the_rights_of_the_page_are_enough_for_a_retry(writes: Writes) -> None:
    error = the_error()
    writes.remove_the_cause()
    with restricted_role(writes, ordered=Health.objects.get().ordered_writes):
        assert "3 writes" in act(error, "retry")
    writes.sync()
    assert writes.records() == ["bad 1", "bad 2", "bad 3", "good"]


def test_a_retry_whose_cause_is_still_there_fails_again_and_says_why(writes: Writes) -> None:
    act(the_error(), "retry")
    writes.sync()
    repairs = WriteRepair.objects.all()
    assert {each.result for each in repairs} == {"FAILED"}
    assert all(REFUSED in each.message for each in repairs)
    assert the_error().failed == 3


def test_single_rows_can_be_chosen(writes: Writes) -> None:
    error = the_error()
    newest = trigger_log.rows(writes.connection, error.table_name, error.cause)[0]
    writes.remove_the_cause()
    act(error, "retry", [(newest.log, newest.id)])
    writes.sync()
    assert writes.records() == ["bad 3", "good"]
    assert the_error().failed == 2


def test_ignored_writes_are_never_sent(writes: Writes) -> None:
    assert "3 writes" in act(the_error(), "ignore")
    writes.remove_the_cause()
    writes.sync()
    assert writes.records() == ["good"]
    assert not WriteError.objects.exists()
    assert set(WriteRepair.objects.values_list("result", flat=True)) == {"IGNORED"}


@BOTH_MODES
def test_a_refused_update_and_a_row_that_is_gone(writes: Writes) -> None:
    act(the_error(), "ignore")
    writes.run("UPDATE {s}.account SET name = 'bad good' WHERE name = 'good'")
    writes.run("INSERT INTO {s}.account (name) VALUES ('bad 4')")
    writes.sync()
    writes.run("SET xmlbinary = 'hex'")  # as Connect's own session: nothing is captured
    writes.run("DELETE FROM {s}.account WHERE name = 'bad 4'")
    writes.run("RESET xmlbinary")
    writes.remove_the_cause()
    said = act(the_error(), "retry")
    assert "partly done. account: 1 write; 1 skipped: the row is gone." in said
    assert Event.objects.first().data["outcome"] == "partly"  # type: ignore[union-attr]
    assert WriteRepair.objects.get(result=RepairResult.SKIPPED).reason == SkipReason.GONE
    writes.sync()
    assert "bad good" in writes.records()
    assert "bad 4" not in writes.records()


@BOTH_MODES
def test_a_number_given_to_another_record_is_not_called_arrived(writes: Writes) -> None:
    ((row_id,),) = writes.run("SELECT id FROM {s}.account WHERE name = 'bad 1'")
    act(the_error(), "ignore", [("_trigger_log", row) for row in failed_entries(writes)[1:]])
    as_connect(writes, "DELETE FROM {s}.account WHERE name LIKE 'bad _'")
    as_connect(writes, "UPDATE {s}.account SET id = %s WHERE name = 'Northwind'", row_id)
    (_, line) = preview.lines(the_error(), None)
    assert line == (
        "1 will be skipped: this write is not in Salesforce: its row number belongs to a record "
        "with other values"
    )
    assert "this write is not in Salesforce" in act(the_error(), "retry")
    assert "by now" not in WriteRepair.objects.filter(action="retry").get().get_reason_display()


def failed_entries(writes: Writes) -> list[int]:
    found = writes.run("SELECT id FROM {s}._trigger_log WHERE state = 'FAILED' ORDER BY id")
    return [number for (number,) in found]


def refuse_an_update(writes: Writes, name: str) -> tuple[int, str]:
    """Let the update of the good row to a bad name fail; return the row's id and its sfid."""
    act(the_error(), "ignore")
    writes.run("UPDATE {s}.account SET name = %s WHERE name = 'good'", name)
    writes.sync()
    ((row_id, sfid),) = writes.run("SELECT id, sfid FROM {s}.account WHERE name = %s", name)
    return row_id, sfid


def as_connect(writes: Writes, statement: str, *values: Any) -> None:
    """Change rows as Heroku Connect itself does: nothing is captured."""
    writes.run("SET xmlbinary = 'hex'")
    writes.run(statement, *values)
    writes.run("RESET xmlbinary")


def names_by_sfid(writes: Writes) -> dict[str, str]:
    found = writes.journey.running.records(writes.journey.org_id, "Account")
    return {str(each["Id"]): str(each["Name"]) for each in found}


@BOTH_MODES
def test_a_reload_that_renumbers_the_rows_leads_to_no_other_record(writes: Writes) -> None:
    row_id, sfid = refuse_an_update(writes, "bad name")
    before = names_by_sfid(writes)
    as_connect(writes, "UPDATE {s}.account SET id = id + 1000")
    as_connect(writes, "UPDATE {s}.account SET id = %s WHERE name = 'Northwind'", row_id)
    writes.remove_the_cause()
    said = act(the_error(), "retry")
    writes.sync()
    if Health.objects.get().ordered_writes:
        assert "1 write" in said
        assert names_by_sfid(writes) == {**before, sfid: "bad name"}
    else:
        assert "skipped, account: 1 skipped: the row's number belongs to another record now" in said
        assert names_by_sfid(writes) == before


def test_a_write_that_a_poll_has_overwritten_did_not_arrive(writes: Writes) -> None:
    _, sfid = refuse_an_update(writes, "bad name")
    as_connect(writes, "UPDATE {s}.account SET name = 'polled' WHERE sfid = %s", sfid)
    error = the_error()
    writes.remove_the_cause()
    (line,) = preview.lines(error, None)[1:]
    assert line.endswith("no longer holds what failed: name 'bad name', now 'polled'")
    assert "1 sent with other values" in act(error, "retry")
    writes.sync()
    repaired = WriteRepair.objects.exclude(action="ignore").get()
    assert (repaired.result, repaired.differences) == (RepairResult.OTHER_VALUES, ["name"])


def test_another_write_of_the_row_does_not_stand_for_the_one_that_was_copied(
    writes: Writes,
) -> None:
    error = the_error()
    repaired = WriteRepair.objects.create(
        connection=error.connection, table_name="account", cause=error.cause, action="retry",
        record_id=1, actor="olga",
        log_id=writes.run("SELECT min(id) FROM {s}._trigger_log WHERE state = 'FAILED'")[0][0],
    )  # fmt: skip
    writes.run(
        "INSERT INTO {s}._trigger_log (created_at, state, action, table_name, record_id, "
        "\"values\") SELECT now(), 'SUCCESS', action, table_name, record_id, "
        '\'"name"=>"other"\' FROM {s}._trigger_log WHERE id = %s',
        repaired.log_id,
    )
    assert repair_results.follow_up(error.connection) == 0


def test_a_database_that_refuses_is_counted_as_failed(writes: Writes) -> None:
    error = the_error()
    writes.run("DROP FUNCTION {s}.hc_capture_insert_from_row")
    assert "failed. account: 3 failed: the tenant's database refused it" in act(error, "retry")
    assert WriteRepair.objects.filter(result=RepairResult.FAILED).count() == 3


def test_a_repair_that_cannot_be_followed_keeps_no_scan_from_its_numbers(writes: Writes) -> None:
    act(the_error(), "retry")
    writes.sync()
    WriteRepair.objects.update(ended_at=None, result="")
    # The scan counts without this column, only the look for the entry needs it.
    writes.run('ALTER TABLE {s}._trigger_log_archive RENAME COLUMN "action" TO "act"')
    before = timezone.now()
    assert tasks.scan_writes() == 1
    assert Health.objects.get(scanned_at__gte=before).failing_writes
    assert WriteRepair.objects.filter(ended_at=None).count() == 3


def test_an_object_that_is_no_longer_mapped_is_skipped(writes: Writes) -> None:
    writes.run("DROP TABLE {s}.account CASCADE")
    said = act(the_error(), "retry")
    assert "skipped, account: 3 skipped: the object is no longer mapped" in said


@BOTH_MODES
def test_an_archived_failure_can_be_sent_again_too(writes: Writes) -> None:
    error = the_error()
    writes.run(
        "WITH moved AS (DELETE FROM {s}._trigger_log WHERE state = 'FAILED' RETURNING *)"
        " INSERT INTO {s}._trigger_log_archive SELECT * FROM moved"
    )
    writes.remove_the_cause()
    act(error, "retry")
    writes.sync()
    assert writes.records() == ["bad 1", "bad 2", "bad 3", "good"]
    assert set(WriteRepair.objects.values_list("result", flat=True)) == {"SUCCESS"}


def test_an_entry_that_has_changed_since_then_is_skipped_and_counted(writes: Writes) -> None:
    error, connection = the_error(), Connection.objects.get()
    found = trigger_log.rows(connection, error.table_name, error.cause)
    url = portal_settings.DATABASE_URL.rpartition("/")[0] + f"/{database.settings_dict['NAME']}"
    with psycopg.connect(url) as other:
        log = sql.Identifier(connection.schema_name, "_trigger_log")
        statement = sql.SQL("SELECT * FROM {} WHERE id = %s FOR UPDATE").format(log)
        other.execute(statement, [found[0].id])
        tally = repair.repair(connection, "ignore", error.table_name, error.cause, "olga")
    assert (tally.done, dict(tally.skipped)) == (2, {SkipReason.CHANGED: 1})
    queue.drain()
