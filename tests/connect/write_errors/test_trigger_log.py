"""Reading many schemas at once: grouped by cause, read-only, and none hides the others."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, ProgrammingError, transaction
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg import sql
from pytest_django import DjangoAssertNumQueries

from connect.health import causes
from connect.models import Connection, Health, Incident, IncidentKind, WriteError
from connect.schemas import BadSchemaName
from connect.write_errors import counts, repair, repair_results, scan, schema_scan, trigger_log
from tests.connect.write_errors.schemas import documented_rights, live, write

pytestmark = pytest.mark.django_db
ROLE = "restricted_reader"


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("DUPLICATE_VALUE: duplicate value found: Id__c duplicates value on record with id: "
         "0015g00000ABcDe", "DUPLICATE_VALUE: duplicate value found: Id__c duplicates value on "
         "record with id: …"),
        ("ENTITY_IS_DELETED: entity is deleted 0015g00000ABcDeQAZ",
         "ENTITY_IS_DELETED: other message"),
        ('STRING_TOO_LONG: Name: data value too large: "Acme & Söhne" (max length=80)',
         "STRING_TOO_LONG: Name: data value too large: …"),
        ("INVALID_EMAIL_ADDRESS: ops@acme.example", "INVALID_EMAIL_ADDRESS: other message"),
        ("INSUFFICIENT_ACCESS_OR_READONLY: no", "INSUFFICIENT_ACCESS_OR_READONLY: other message"),
        ("authentications fail", "other message"),
        ("  ", "no message"),
        (None, "no message"),
        ("STRING_TOO_LONG: A: " + "very " * 80 + "long: x",
         "STRING_TOO_LONG: A: " + "very " * 54 + " …"),
    ],
)  # fmt: skip
def test_varying_parts_are_left_out_of_a_cause(message: str | None, cause: str) -> None:
    connection = live(1)
    write(connection, message)
    (found,) = schema_scan.scan_schemas("default", [connection.schema_name]).failures
    assert found.cause == cause


def test_the_log_and_the_archive_are_counted_together() -> None:
    connection = live(1)
    old = timezone.now() - timedelta(days=3)
    write(connection, "DUPLICATE_VALUE: $", times=3)
    write(connection, "DUPLICATE_VALUE: 99", archived=True, at=old)
    write(connection, "DUPLICATE_VALUE: 1", table="contact")
    write(connection, None, state="SUCCESS")
    found = {
        each.table: each
        for each in schema_scan.scan_schemas("default", [connection.schema_name]).failures
    }
    assert (found["account"].count, found["account"].first_at) == (4, old)
    assert found["contact"].count == 1


def test_waiting_writes_and_the_oldest_of_them_are_measured_in_the_same_pass() -> None:
    connection, calm = live(1), live(2)
    since = timezone.now() - timedelta(hours=2)
    write(connection, None, state="NEW", at=since)
    write(connection, None, state="PENDING")
    assert scan.scan_all() == 2
    health = Health.objects.get(connection=connection)
    assert (health.backlog, health.backlog_since) == (2, since)
    assert Health.objects.get(connection=calm).backlog_since is None
    Health.objects.filter(pk=health.pk).update(condition="healthy")
    health.refresh_from_db()
    assert IncidentKind.STUCK_WRITES in causes.of(health, timezone.now())


def test_a_pass_over_many_schemas_takes_few_statements(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    names = [live(number).schema_name for number in range(1, 61)]
    with django_assert_max_num_queries(24):  # 3 transactions: savepoints and settings among them
        found = schema_scan.scan_schemas("default", names)
    assert len(found.waiting) == 60


def test_another_pass_over_schemas_with_failed_writes_takes_no_statement_for_each() -> None:
    def statements(more: range) -> int:
        for number in more:
            write(live(number), "DUPLICATE_VALUE: $", times=3)
        scan.scan_all()
        with CaptureQueriesContext(database) as queries:
            scan.scan_all()
        return len(queries)

    assert statements(range(1, 4)) == statements(range(4, 10))


def test_a_schema_that_is_gone_or_incomplete_hides_no_other() -> None:
    whole, broken = live(1), live(2)
    gone = "sf_00d5g0000000009eaa_1"
    write(whole, "DUPLICATE_VALUE")
    with database.cursor() as cursor:
        cursor.execute(
            sql.SQL("DROP TABLE {}._trigger_log_archive").format(sql.Identifier(broken.schema_name))
        )
    found = schema_scan.scan_schemas("default", [whole.schema_name, broken.schema_name, gone])
    assert [each.schema for each in found.failures] == [whole.schema_name]
    assert not found.tables[broken.schema_name].complete
    assert gone not in found.tables
    scan.scan_all()
    assert Incident.objects.get(kind=IncidentKind.TABLES_MISSING).connection == broken


def test_causes_that_went_away_are_no_longer_shown() -> None:
    connection = live(1)
    write(connection, "DUPLICATE_VALUE: $", times=5)
    write(connection, "ENTITY_IS_DELETED")
    scan.scan_all()
    assert WriteError.objects.count() == 2
    with database.cursor() as cursor:
        log = sql.Identifier(connection.schema_name, "_trigger_log")
        cursor.execute(sql.SQL("DELETE FROM {} WHERE sf_message LIKE 'DUP%%'").format(log), [])
    scan.scan_all()
    assert WriteError.objects.get().cause == "ENTITY_IS_DELETED"
    assert counts.total() == counts.of(connection) == 1


def test_the_fleets_causes_are_summed_over_tenants_and_objects() -> None:
    for number in (1, 2):
        connection = live(number)
        write(connection, "DUPLICATE_VALUE: $", times=5)
        write(connection, "DUPLICATE_VALUE: $", table="contact")
    write(connection, "ENTITY_IS_DELETED")
    scan.scan_all()
    first, second = counts.by_cause(10)
    assert (first["failed"], first["tenants"], first["tables"]) == (12, 2, 2)
    assert second["failed"] == 1


def test_rows_of_a_cause_are_shown_newest_first_with_their_own_messages() -> None:
    connection = live(1)
    write(connection, "DUPLICATE_VALUE: $", times=3)
    rows = trigger_log.rows(connection, "account", "DUPLICATE_VALUE: other message", 2)
    assert [row.message for row in rows] == ["DUPLICATE_VALUE: 3", "DUPLICATE_VALUE: 2"]


@pytest.mark.parametrize("name", ["public", 'sf"; DROP SCHEMA x', "sf_00d5g0000000001eaa"])
def test_only_names_of_tenants_schemas_are_read(name: str) -> None:
    with pytest.raises(BadSchemaName):
        schema_scan.scan_schemas("default", [name])


def test_the_search_path_stays_as_it_is() -> None:
    connection = live(1)
    with database.cursor() as cursor:
        cursor.execute("SHOW search_path")
        before = cursor.fetchone()
        schema_scan.scan_schemas("default", [connection.schema_name])
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == before


def test_a_reading_transaction_refuses_to_write() -> None:
    connection = live(1)
    log = sql.Identifier(connection.schema_name, "_trigger_log")
    with pytest.raises(DatabaseError, match="read-only"), trigger_log.reading("default") as cursor:
        cursor.execute(sql.SQL("DELETE FROM {}").format(log))


def test_a_reading_transaction_does_not_wait_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trigger_log, "STATEMENT_TIMEOUT", "50ms")
    with (
        pytest.raises(DatabaseError, match="statement timeout"),
        trigger_log.reading("default") as cursor,
    ):
        cursor.execute("SELECT pg_sleep(5)")


@pytest.fixture
def as_restricted_role() -> Iterator[None]:
    """Work as a role that may read the schemas, and write no more than the documented requeue."""
    connection = live(1)
    write(connection, "DUPLICATE_VALUE: $", times=3)
    schema = sql.Identifier(connection.schema_name)
    grants = sql.SQL("""
        CREATE TABLE {schema}.account (id serial PRIMARY KEY, sfid varchar(18), name text);
        INSERT INTO {schema}.account (name) VALUES ('x'), ('y'), ('z');
        CREATE ROLE {role};
        GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
        GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role};
    """)
    role = sql.Identifier(ROLE)
    with database.cursor() as cursor:
        cursor.execute(grants.format(role=role, schema=schema))
        cursor.execute(documented_rights(connection.schema_name, ROLE, ordered=False))
        cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(role))
        yield
        cursor.execute("RESET ROLE")


@pytest.mark.usefixtures("as_restricted_role")
def test_a_role_that_may_only_read_and_requeue_suffices_for_all_of_health() -> None:
    scan.scan_all()
    error = WriteError.objects.get()
    assert error.failed == 3
    connection = error.connection
    Health.objects.update(ordered_writes=False)
    connection.refresh_from_db()
    tally = repair.repair(connection, "retry", "account", error.cause, "olga")
    assert tally.done == 3
    assert repair_results.follow_up(connection) == 0
    with pytest.raises(ProgrammingError, match="permission denied"):
        delete_all(connection)


def delete_all(connection: Connection) -> None:
    log = sql.Identifier(connection.schema_name, "_trigger_log")
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(sql.SQL("DELETE FROM {}").format(log))
