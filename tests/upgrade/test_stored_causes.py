"""What was stored with people's data before causes held no value is grouped again, everywhere."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection as database
from django.utils import timezone
from psycopg import sql

from connect.health import alerts
from connect.models import (
    Connection,
    Health,
    Incident,
    IncidentStatus,
    WebhookNotice,
    WriteError,
    WriteRepair,
)
from connect.write_errors.stored import grouped_again
from portal.models import BulkItem, BulkRun
from tenants import timeline
from tenants.models import Event, EventKind, Message
from tests import cast
from tests.portal.admin import rows

pytestmark = pytest.mark.django_db
LEVEL = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Level: bad value for restricted picklist field"
WRITTEN = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
OLD = {
    f"{LEVEL}: Gold of Jane": f"{LEVEL}: …",
    f"{LEVEL}: Silver of Jane": f"{LEVEL}: …",
    f"{WRITTEN}: Ms Jane": f"{WRITTEN}: other message",
    "Something odd from Jane <jane@example.com>": "other message",
}
NEW = [
    f"{LEVEL}: …",
    "STRING_TOO_LONG: Name: data value too large for # letters: …",
    "REQUIRED_FIELD_MISSING: Required fields are missing: [LastName]",
    "JSON_PARSER_ERROR: other message",
    "other message",
    "no message",
]


@pytest.mark.parametrize(("stored", "cause"), [*OLD.items(), *((each, each) for each in NEW)])
def test_a_cause_of_today_stays_and_an_older_one_loses_its_value(stored: str, cause: str) -> None:
    with database.cursor() as cursor:
        text = sql.SQL("SELECT {} FROM (SELECT %s::text AS cause) AS stored")
        cursor.execute(text.format(grouped_again("cause")), [stored])
        assert cursor.fetchone() == (cause,)


@pytest.fixture
def acme() -> Connection:
    """A tenant whose rows hold old causes in every place for a cause."""
    connection = rows.connection(cast.enrol(cast.ACME))
    for cause in OLD:
        _store(connection, cause)
    Health.objects.create(connection=connection, failing_writes=dict.fromkeys(OLD, 2))
    listed = "; ".join(f"2 × {cause}" for cause in OLD)
    incident = Incident.objects.create(
        connection=connection,
        kind="write_errors",
        status=IncidentStatus.OPEN,
        opened_at=timezone.now(),
        text=f"Salesforce refuses writes: {listed}. See “Write errors”.",
        parts=list(OLD),
    )
    alerts.notify_more(incident, list(OLD))
    WebhookNotice.objects.create(incident=incident, what="opened", text=f"*X*\n{listed}\nhttps://p")
    Message.objects.update(status="sent")
    return connection


def _store(connection: Connection, cause: str) -> None:
    about = {"connection": connection, "table_name": "account", "cause": cause}
    WriteError.objects.create(**about, failed=2)
    WriteRepair.objects.create(**about, record_id=1, log_id=1, action="retry", actor="olga")
    run = BulkRun.objects.filter(action="retry").first() or BulkRun.objects.create(
        action="retry", model="connect.writeerror", label="Retry", actor="olga", total=9
    )
    name, target = f"Acme, account: {cause}", {"table_name": "account", "cause": cause}
    tenant = connection.tenant
    for each in (
        run,
        BulkRun.objects.create(action="ignore", model=run.model, about=name, total=1),
    ):
        BulkItem.objects.create(
            run=each, tenant=tenant, connection=connection, name=name, target=target
        )
        text = f"Retry, {name}: skipped."
        timeline.note(tenant, EventKind.STAFF_ACTION, text, run=each.pk, outcome="skipped")
    timeline.note(tenant, EventKind.STAFF_ACTION, "Retry writes: 2 writes.", cause=cause)


def _migrate() -> None:
    for name in (
        "connect.migrations.0027_stored_causes_without_values",
        "portal.migrations.0011_presses_without_values",
    ):
        import_module(name).without_values(apps, database.schema_editor())


def _everything() -> str:
    models = (WriteError, WriteRepair, Health, Incident, WebhookNotice)
    every = [*models, Message, Event, BulkRun, BulkItem]
    return "\n".join(str(row) for model in every for row in model._default_manager.values_list())


def test_no_persons_data_is_left_in_what_is_stored(acme: Connection) -> None:
    assert "Jane" in _everything()
    _migrate()
    assert "Jane" not in _everything()
    errors = dict(WriteError.objects.values_list("cause", "failed"))
    assert errors == {f"{LEVEL}: …": 4} | dict.fromkeys(list(OLD.values())[2:], 2)
    assert Health.objects.get().failing_writes == errors
    assert sorted(Incident.objects.get().parts) == sorted(errors)
    assert WebhookNotice.objects.get(what="opened").text.endswith("\nhttps://p")
    assert BulkItem.objects.filter(target__cause=f"{LEVEL}: …").count() == 3


def test_the_timeline_is_append_only_again(acme: Connection) -> None:
    _migrate()
    with database.cursor() as cursor:
        cursor.execute("SELECT tgenabled FROM pg_trigger WHERE tgname = 'append_only'")
        assert {state for (state,) in cursor.fetchall()} == {"O"}
