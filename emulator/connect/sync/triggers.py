"""The SQL for the two triggers of a mapped table: one keeps the row's status, one logs the write.

"User or Connect?" is read from the session setting xmlbinary: PostgreSQL's default `base64` means a
user, and Connect's own sessions set `hex` (seen in public dumps of real connection schemas).
"""

from dataclasses import dataclass

from psycopg import sql

from emulator.connect.sync.function_body import body
from emulator.connect.sync.names import Names
from emulator.connect.sync.session import PgConnection

# As in real schemas, the bodies name no schema for get_xmlbinary() and hstore(): a session whose
# search_path lacks `public` cannot write to a mapped table.
# Connect's own write means SYNCED, unless it sets another status itself. IS NOT TRUE covers NULL.
_STATUS = sql.SQL("""
BEGIN
    IF get_xmlbinary() = 'base64' THEN
        NEW._hc_lastop := 'PENDING';
        NEW._hc_err := NULL;
    ELSIF TG_OP = 'INSERT' OR (NEW._hc_lastop <> OLD._hc_lastop) IS NOT TRUE THEN
        NEW._hc_lastop := 'SYNCED';
        NEW._hc_err := NULL;
    END IF;
    RETURN NEW;
END
""")

_LOGGER = sql.SQL("""
DECLARE
    hidden CONSTANT text[] := '{{_hc_lastop,_hc_err}}';
    entry_state text := {state};
    row_id int;
    row_sfid varchar;
    before text;
    after text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        row_id := NEW.id;
        after := {new_row};
    ELSE
        row_id := OLD.id;
        row_sfid := OLD.sfid;
        before := {old_row};
    END IF;
    IF TG_OP = 'UPDATE' THEN
        row_id := NEW.id;
        after := {changes};
    END IF;
    IF entry_state = 'NEW' AND (after = '' OR TG_OP = 'DELETE' AND row_sfid IS NULL) THEN
        entry_state := 'IGNORE';
    END IF;
    INSERT INTO {schema}._trigger_log
        (txid, created_at, updated_at, state, action, table_name, record_id, sfid, old, "values")
    VALUES (
        txid_current(), clock_timestamp(), NULL, entry_state, TG_OP, TG_TABLE_NAME,
        row_id, row_sfid, before, after
    );
    RETURN NULL;
END
""")

_TABLE_FUNCTIONS = sql.SQL("""
CREATE OR REPLACE FUNCTION {schema}.{status}() RETURNS trigger LANGUAGE plpgsql AS {status_body};
CREATE OR REPLACE FUNCTION {schema}.{logger}() RETURNS trigger LANGUAGE plpgsql AS {logger_body};
""")

TABLE_TRIGGERS = sql.SQL("""
CREATE TRIGGER {status_trigger} BEFORE INSERT OR UPDATE ON {schema}.{table}
    FOR EACH ROW EXECUTE FUNCTION {schema}.{status}();
CREATE TRIGGER {log_trigger} AFTER INSERT OR UPDATE OR DELETE ON {schema}.{table}
    FOR EACH ROW WHEN (public.get_xmlbinary() = 'base64')
    EXECUTE FUNCTION {schema}.{logger}();
""")


@dataclass(frozen=True)
class RowText:
    """SQL for a row's hstore text, with the extension's functions or with ours on jsonb."""

    whole: sql.SQL
    changes: sql.SQL


_BY_EXTENSION = RowText(
    sql.SQL("(hstore({row}) - hidden)::text"),
    sql.SQL("(hstore(NEW) - hstore(OLD) - hidden)::text"),
)
_BY_JSONB = RowText(
    sql.SQL("{schema}.hc_hstore_text(to_jsonb({row}) - hidden)"),
    sql.SQL("{schema}.hc_hstore_text({schema}.hc_changed(to_jsonb(OLD), to_jsonb(NEW)) - hidden)"),
)


def table_functions(
    conn: PgConnection,
    names: Names,
    *,
    read_only: bool,
    merged_writes: bool,
) -> sql.Composed:
    """SQL that makes or replaces a table's two trigger functions.

    With merged writes, jsonb writes the rows' text instead of hstore. Whether a write goes to
    Salesforce is a constant inside the logger, as in real schemas; but an update that changes
    nothing, and a delete of a row that Salesforce does not know yet, never go there.
    """
    text = _BY_JSONB if merged_writes else _BY_EXTENSION
    schema = names["schema"]
    logger = body(
        conn,
        _LOGGER,
        schema=schema,
        state=sql.Literal("READONLY" if read_only else "NEW"),
        new_row=text.whole.format(row=sql.SQL("NEW"), schema=schema),
        old_row=text.whole.format(row=sql.SQL("OLD"), schema=schema),
        changes=text.changes.format(schema=schema),
    )
    return _TABLE_FUNCTIONS.format(
        schema=schema,
        status=names["status"],
        logger=names["logger"],
        status_body=body(conn, _STATUS),
        logger_body=logger,
    )
