"""Staff hear once of each cause of refused writes; and only mapped tables count for a plan."""

import pytest
from django.db import connection as database
from psycopg import sql
from pytest_django.fixtures import Settings

from connect.health import incidents
from connect.models import (
    Connection,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
    Mapping,
    WebhookNotice,
    WriteRepair,
)
from connect.write_errors import scan
from tenants.models import Event, EventKind, Message, MessageKind
from tests.connect.write_errors.schemas import live, write

pytestmark = pytest.mark.django_db


def alerts() -> list[str]:
    rows = Message.objects.filter(kind=MessageKind.INCIDENT).order_by("pk")
    return list(rows.values_list("subject", flat=True))


def forget(connection: Connection) -> None:
    """Empty the log, as if all writes had been repaired."""
    log = sql.Identifier(connection.schema_name, "_trigger_log")
    with database.cursor() as cursor:
        cursor.execute(sql.SQL("DELETE FROM {}").format(log))


def test_a_new_cause_opens_an_incident_with_a_mail_and_a_webhook(settings: Settings) -> None:
    settings.INCIDENT_WEBHOOK_URL = "https://hooks.example/x"
    connection = live(1)
    write(connection, "INVALID_EMAIL_ADDRESS: Email: invalid email address: jane at example")
    for _ in range(3):
        scan.scan_all()
    incident = Incident.objects.get()
    assert (incident.kind, incident.status) == (IncidentKind.WRITE_ERRORS, IncidentStatus.OPEN)
    assert "1 × INVALID_EMAIL_ADDRESS: Email: invalid email address: …" in incident.text
    assert "jane" not in incident.text
    assert len(alerts()) == WebhookNotice.objects.count() == 1


def test_each_further_cause_is_alerted_once_and_so_is_a_flood_of_one() -> None:
    connection = live(1)
    write(connection, "FIRST_CAUSE: no")
    scan.scan_all()
    write(connection, "SECOND_CAUSE: no")
    for _ in range(2):
        scan.scan_all()
    assert len(alerts()) == 2
    assert alerts()[1].endswith("also SECOND_CAUSE: other message")
    write(connection, "FIRST_CAUSE: no", times=100)
    for _ in range(2):
        scan.scan_all()
    assert alerts()[2].endswith("also more than 100 × FIRST_CAUSE: other message")
    assert len(alerts()) == 3
    assert Event.objects.filter(kind=EventKind.INCIDENT).count() == 3


def test_a_look_at_heroku_connect_does_not_end_what_only_a_scan_can_end() -> None:
    connection = live(1)
    scan.scan_all()
    stale = Health.objects.select_related("connection__tenant").get()  # read before the scan
    write(connection, "FIRST_CAUSE: no")
    scan.scan_all()
    incidents.update([stale])
    assert Incident.objects.get().status == IncidentStatus.OPEN
    assert len(alerts()) == 1


def test_writes_that_fail_after_a_recovery_are_alerted_again() -> None:
    connection = live(1)
    for _ in range(3):
        write(connection, "FIRST_CAUSE: no")
        scan.scan_all()
        forget(connection)
        scan.scan_all()
    assert [each.split(":")[0] for each in alerts()] == [
        "[Multiconnect] Salesforce refuses writes",
        "[Multiconnect] Recovered",
    ] * 3


def test_another_tenant_has_an_incident_of_its_own() -> None:
    for number in (1, 2):
        write(live(number), "FIRST_CAUSE: no")
    scan.scan_all()
    assert Incident.objects.count() == len(alerts()) == 2


def test_a_cause_has_not_gone_before_its_repair_has_ended() -> None:
    connection = live(1)
    write(connection, "FIRST_CAUSE: no")
    scan.scan_all()
    forget(connection)
    repair = WriteRepair.objects.create(
        connection=connection, table_name="account", record_id=1, log_id=1, new_log_id=2,
        cause="FIRST_CAUSE: other message", action="retry", actor="olga",
    )  # fmt: skip
    scan.scan_all()
    assert Incident.objects.get().status == IncidentStatus.OPEN
    WriteRepair.objects.filter(pk=repair.pk).update(ended_at=repair.asked_at, result="SUCCESS")
    scan.scan_all()
    assert Incident.objects.get().status == IncidentStatus.CLOSED
    assert len(alerts()) == 2


def test_only_mapped_tables_count_for_a_plans_rows() -> None:
    connection = live(1, plan="herokuconnect:demo")
    Mapping.objects.create(
        connection=connection, object_name="Account", mapping_id="m", state="DATA_SYNCED"
    )
    schema = sql.Identifier(connection.schema_name)
    tables = sql.SQL("""
        CREATE TABLE {s}.account (id serial PRIMARY KEY, name text);
        INSERT INTO {s}.account (name) SELECT 'x' FROM generate_series(1, 12);
        CREATE TABLE {s}.photo (id serial PRIMARY KEY, b text);
        INSERT INTO {s}.photo (b) SELECT 'x' FROM generate_series(1, 9800);
        ANALYZE {s}.account;
        ANALYZE {s}.photo;
    """)
    with database.cursor() as cursor:
        cursor.execute(tables.format(s=schema))
    scan.scan_all()
    assert Health.objects.get().rows == 12
