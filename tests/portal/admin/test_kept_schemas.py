"""Kept schemas are listed with size and age, exported as CSV files, and dropped by managers."""

import csv
import io
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import connection as database
from django.test import Client
from django.utils import timezone
from psycopg import sql

from connect import kept_schemas, schema_export
from connect.models import Connection, KeptSchema, SchemaFate, Stage
from connect.operations.base import OperationOutcome
from portal import bulk
from portal.models import AuditEntry, BulkRun
from tenants.models import Event, Tenant
from tests.connect.write_errors import schemas
from tests.portal.admin import walk

pytestmark = pytest.mark.django_db
_MANY = sql.SQL('INSERT INTO {} ("values") SELECT md5(i::text) FROM generate_series(1, 20000) AS i')


def kept(number: int, fate: SchemaFate = SchemaFate.KEEP, **facts: Any) -> Connection:
    """Store a connection that has ended, with its schema."""
    row = schemas.live(number)
    now = timezone.now()
    ended = {"stage": Stage.OFFBOARDED, "offboarded_at": now, "schema_fate": fate, **facts}
    Connection.objects.filter(pk=row.pk).update(**ended)
    Tenant.objects.filter(pk=row.tenant_id).update(offboarded_at=now)
    row.refresh_from_db()
    return row


def exists(row: Connection) -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [row.schema_name])
        return cursor.fetchone() is not None


def drop_by_hand(row: Connection) -> None:
    with database.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{row.schema_name}" CASCADE')


def press(client: Client, *rows: Connection) -> BulkRun:
    """Select schemas in the list, confirm, and let the worker drop them."""
    typed = rows[0].schema_name if len(rows) == 1 else f"{len(rows)} schemas"
    data = {"action": "drop_schema", "index": "0", "confirmed": "yes", "typed": typed}
    client.post(walk.page(KeptSchema, "changelist"), {**data, "_selected_action": pks(rows)})
    run = BulkRun.objects.get()
    bulk.work_off(run.pk)
    run.refresh_from_db()
    return run


def pks(rows: tuple[Connection, ...]) -> list[int]:
    return [row.pk for row in rows]


def test_only_what_was_kept_is_listed_with_its_size(viewer: Client) -> None:
    first, gone = kept(1), kept(2)
    drop_by_hand(gone)
    kept(3, SchemaFate.DROP)
    schemas.live(4)
    page = viewer.get(walk.page(KeptSchema, "changelist")).content.decode()
    assert page.count("sf_00d5g") == page.count(first.schema_name) + page.count(gone.schema_name)
    assert "not there any more" in page
    assert "KB" in page


def test_a_list_asks_for_all_sizes_at_once(viewer: Client) -> None:
    url = walk.page(KeptSchema, "changelist")
    kept(1)
    walk.warm(viewer, [url])
    few = walk.queries(viewer, url)
    for number in range(2, 12):
        kept(number)
    assert walk.queries(viewer, url) == few


def test_a_manager_drops_what_was_kept_and_the_timeline_says_so(manager: Client) -> None:
    row, other = kept(1), kept(2)
    run = press(manager, row)
    assert run.items.get().status == "done"
    assert not exists(row)
    assert exists(other)
    assert [each.pk for each in KeptSchema.objects.all()] == [other.pk]
    event = Event.objects.get(tenant=row.tenant)
    assert event.text.startswith(f"Drop the schema: {row.schema_name} and all")
    assert kept_schemas.drop(row.pk, "mia").outcome == OperationOutcome.SKIPPED


def test_many_wait_for_a_second_manager(manager: Client, settings: Any) -> None:
    settings.TWO_PERSON_APPROVAL = True
    rows = kept(1), kept(2)
    run = press(manager, *rows)
    assert run.approval_by is not None
    assert all(map(exists, rows))


def test_operators_may_look_and_not_drop(operator: Client) -> None:
    row = kept(1)
    page = operator.get(walk.page(KeptSchema, "change", row.pk)).content.decode()
    assert row.schema_name in page
    assert "Drop the schema" not in page
    assert "Export the schema" not in page
    assert operator.post(walk.page(Connection, "schema", row.pk)).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_schema_is_exported_as_one_zip_with_all_its_tables(manager: Client) -> None:
    row = schemas.live(1)
    try:
        for text in ("BAD_VALUE: first", "BAD_VALUE: \u201csecond\u201d"):
            schemas.write(row, text)
        page = manager.get(walk.page(Tenant, "change", row.tenant_id)).content.decode()
        assert walk.page(Connection, "schema", row.pk) in page
        answer = manager.post(walk.page(Connection, "schema", row.pk))
        assert answer["Content-Disposition"] == f'attachment; filename="{row.schema_name}.zip"'
        with ZipFile(io.BytesIO(b"".join(answer))) as archive:
            assert archive.testzip() is None
            names = {"_hcmeta.csv", "_trigger_log.csv", "_trigger_log_archive.csv"}
            assert set(archive.namelist()) == names
            lines = list(csv.DictReader(archive.read("_trigger_log.csv").decode().splitlines()))
        said = [line["sf_message"] for line in lines]
        assert said == ["BAD_VALUE: first", "BAD_VALUE: \u201csecond\u201d"]
        assert AuditEntry.objects.filter(what="Exported a schema").exists()
        assert Event.objects.filter(text__contains="export of the schema").exists()
    finally:
        drop_by_hand(row)


@pytest.mark.django_db(transaction=True)
def test_a_large_table_is_sent_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_export, "CHUNK", 100)
    row = schemas.live(1)
    try:
        with database.cursor() as cursor:
            cursor.execute(_MANY.format(sql.Identifier(row.schema_name, "_trigger_log")))
        pieces = list(schema_export.export(row.schema_name, "default"))
        assert len(pieces) > 5
        with ZipFile(io.BytesIO(b"".join(pieces))) as archive:
            assert len(archive.read("_trigger_log.csv").splitlines()) == 20_001
    finally:
        drop_by_hand(row)


def test_an_export_that_cannot_begin_says_why(manager: Client) -> None:
    row = kept(1)
    drop_by_hand(row)
    answer = manager.post(walk.page(Connection, "schema", row.pk), follow=True)
    assert "was not exported: the schema is not in its database." in answer.content.decode()
    Connection.objects.update(schema_fate=SchemaFate.DROP)
    assert manager.post(walk.page(Connection, "schema", row.pk)).status_code == 404
