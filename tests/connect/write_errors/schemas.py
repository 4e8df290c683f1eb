"""Tenants' schemas with nothing but Heroku Connect's own tables, made in a test's transaction."""

import re
from datetime import datetime
from typing import Any, LiteralString, cast

from django.db import connection as database
from django.utils import timezone
from psycopg import sql

from connect.models import Connection, Stage
from tenants.models import Tenant
from tenants.orgid import normalize
from tests.documents import ROOT

_TABLES = sql.SQL("""
CREATE SCHEMA {schema};
CREATE TABLE {schema}._hcmeta (id serial PRIMARY KEY, hcver int, org_id varchar(50), details text);
CREATE TABLE {schema}._trigger_log (
    id serial PRIMARY KEY, txid bigint, created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(), processed_at timestamptz, processed_tx bigint,
    state varchar(8), action varchar(7), table_name varchar(128), record_id int, sfid varchar(18),
    old text, "values" text, sf_result int, sf_message text
);
CREATE TABLE {schema}._trigger_log_archive (LIKE {schema}._trigger_log);
""")


def live(number: int, **facts: Any) -> Connection:
    """Store a live tenant with a schema of its own."""
    org_id = normalize(f"00D5g0000{number:06d}")
    tenant = Tenant.objects.create(
        org_id=org_id, name=f"Tenant {number}", admin_email=f"it@{number}.example"
    )
    connection = Connection.objects.create(
        tenant=tenant,
        stage=Stage.LIVE,
        organization_id=org_id,
        schema_name=f"sf_{org_id.lower()}_1",
        state="IDLE",
        **facts,
    )
    with database.cursor() as cursor:
        cursor.execute(_TABLES.format(schema=sql.Identifier(connection.schema_name)))
    return connection


def write(
    connection: Connection,
    message: str | None,
    *,
    state: str = "FAILED",
    table: str = "account",
    archived: bool = False,
    at: datetime | None = None,
    times: int = 1,
) -> None:
    """Put entries into a schema's log."""
    log = "_trigger_log_archive" if archived else "_trigger_log"
    statement = sql.SQL("""
        INSERT INTO {schema}.{log}
            (id, state, action, table_name, record_id, sf_message, created_at)
        SELECT nextval(pg_get_serial_sequence({name}, 'id')), %s, 'UPDATE', %s, number,
            replace(%s, '$', number::text), %s
        FROM generate_series(1, %s) AS number
    """).format(
        schema=sql.Identifier(connection.schema_name),
        log=sql.Identifier(log),
        name=sql.Literal(f'"{connection.schema_name}"._trigger_log'),
    )
    with database.cursor() as cursor:
        cursor.execute(statement, [state, table, message, at or timezone.now(), times])


def documented_rights(schema: str, role: str, *, ordered: bool) -> sql.Composed:
    """Return the statements of docs/health.md that give a role its rights on a schema."""
    [text] = re.findall(r"(?ms)^```sql\n(.*?)^```$", (ROOT / "docs/health.md").read_text())
    for_both, found, _ = text.partition("-- for retries in ordered mode")
    assert found
    statements = (text if ordered else for_both).replace('"sf_…"', "{schema}")
    named = statements.replace("TO portal;", "TO {role};")
    return sql.SQL(cast(LiteralString, named)).format(
        schema=sql.Identifier(schema), role=sql.Identifier(role)
    )
