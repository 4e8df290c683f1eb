"""The SQL by which Heroku Connect captures writes: system tables, triggers and helper functions.

"User or Connect?" is read from the session setting xmlbinary: PostgreSQL's default `base64` means a
user, and Connect's own sessions set `hex` (as in public dumps of real connection schemas).
"""

from dataclasses import dataclass

from psycopg import sql

from emulator.connect.sync.session import Connection

READ_XMLBINARY = sql.SQL("""
CREATE OR REPLACE FUNCTION public.get_xmlbinary() RETURNS varchar LANGUAGE sql STABLE
AS 'SELECT current_setting(''xmlbinary'')::varchar';
""")

SYSTEM_TABLES = sql.SQL("""
CREATE TABLE {schema}._hcmeta (
    id serial PRIMARY KEY, hcver int, org_id varchar(50), details text
);
CREATE TABLE {schema}._sf_event_log (
    id serial PRIMARY KEY, table_name varchar(128), action varchar(7),
    synced_at timestamptz DEFAULT now(), sf_timestamp timestamptz,
    sfid varchar(20), record text, processed boolean
);
CREATE TABLE {schema}._trigger_log (
    id serial PRIMARY KEY, txid bigint,
    created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(),
    processed_at timestamptz, processed_tx bigint,
    state varchar(8), action varchar(7), table_name varchar(128), record_id int, sfid varchar(18),
    old text, "values" text, sf_result int, sf_message text
);
CREATE TABLE {schema}._trigger_log_archive (
    id int PRIMARY KEY, txid bigint,
    created_at timestamptz, updated_at timestamptz,
    processed_at timestamptz, processed_tx bigint,
    state varchar(8), action varchar(7), table_name varchar(128), record_id int, sfid varchar(18),
    old text, "values" text, sf_result int, sf_message text
);
CREATE INDEX idx__sf_event_log_comp_key ON {schema}._sf_event_log (table_name, synced_at);
CREATE INDEX idx__sf_event_log_sfid ON {schema}._sf_event_log (sfid);
CREATE INDEX _trigger_log_idx_created_at ON {schema}._trigger_log (created_at);
CREATE INDEX _trigger_log_idx_state_id ON {schema}._trigger_log (state, id);
CREATE INDEX _trigger_log_idx_state_table_name ON {schema}._trigger_log (state, table_name)
    WHERE state = 'NEW' OR state = 'PENDING';
CREATE INDEX _trigger_log_archive_idx_created_at ON {schema}._trigger_log_archive (created_at);
CREATE INDEX _trigger_log_archive_idx_record_id ON {schema}._trigger_log_archive (record_id);
CREATE INDEX _trigger_log_archive_idx_state_table_name
    ON {schema}._trigger_log_archive (state, table_name) WHERE state = 'FAILED';
CREATE FUNCTION {schema}.tlog_notify_trigger() RETURNS trigger LANGUAGE plpgsql AS {notify};
CREATE TRIGGER tlog_insert_trigger AFTER INSERT ON {schema}._trigger_log
    FOR EACH ROW EXECUTE FUNCTION {schema}.tlog_notify_trigger();
""")

_NOTIFY = sql.SQL("""
BEGIN
    PERFORM pg_notify({channel}, 'ping');
    RETURN NEW;
END
""")

# Names inside a body are qualified: it runs under the search_path of whoever calls it.
_CAPTURE_FUNCTIONS = sql.SQL("""
CREATE FUNCTION {schema}.hc_capture_insert_from_row(
    source_row {extension}.hstore, table_name varchar, excluded_cols text[] DEFAULT '{{}}'
) RETURNS int LANGUAGE plpgsql AS {insert_body};
CREATE FUNCTION {schema}.hc_capture_update_from_row(
    source_row {extension}.hstore, table_name varchar, columns_to_include text[] DEFAULT '{{}}'
) RETURNS int LANGUAGE plpgsql AS {update_body};
""")

_CAPTURE_INSERT = sql.SQL("""
DECLARE
    hidden text[] := array_remove(array_remove(excluded_cols, 'id'), 'sfid')
        || '{{_hc_lastop,_hc_err}}'::text[];
    row_id int := {extension}.fetchval(source_row, 'id')::int;
    entry_id int;
BEGIN
    IF row_id IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO {schema}._trigger_log
        (action, table_name, txid, created_at, state, record_id, "values")
    VALUES (
        'INSERT', table_name, txid_current(), clock_timestamp(), 'NEW', row_id,
        {extension}.delete(source_row, hidden)::text
    ) RETURNING id INTO entry_id;
    RETURN entry_id;
END
""")

_CAPTURE_UPDATE = sql.SQL("""
DECLARE
    hidden text[] := '{{_hc_lastop,_hc_err}}';
    row_id int := {extension}.fetchval(source_row, 'id')::int;
    entry_id int;
BEGIN
    IF row_id IS NULL THEN
        RETURN NULL;
    END IF;
    IF cardinality(columns_to_include) > 0 THEN
        hidden := hidden || ARRAY(
            SELECT name FROM {extension}.skeys(source_row) AS name
            WHERE name <> ALL (columns_to_include)
        );
    END IF;
    INSERT INTO {schema}._trigger_log
        (action, table_name, txid, created_at, state, record_id, sfid, "values")
    VALUES (
        'UPDATE', table_name, txid_current(), clock_timestamp(), 'NEW', row_id,
        {extension}.fetchval(source_row, 'sfid'),
        {extension}.delete(source_row, hidden)::text
    ) RETURNING id INTO entry_id;
    RETURN entry_id;
END
""")

# Where the hstore extension is missing, jsonb stands in: it keeps its keys in hstore's own order.
_TEXT_FUNCTIONS = sql.SQL("""
CREATE FUNCTION {schema}.hc_hstore_quote(part text) RETURNS text LANGUAGE sql IMMUTABLE
AS {quote_body};
CREATE FUNCTION {schema}.hc_hstore_text(source jsonb) RETURNS text LANGUAGE sql IMMUTABLE
AS {text_body};
CREATE FUNCTION {schema}.hc_changed(before jsonb, after jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
AS {changed_body};
""")

_QUOTE_BODY = sql.SQL(r"""
SELECT coalesce(
    '"' || replace(replace(part, E'\\', E'\\\\'), '"', E'\\"') || '"', 'NULL'
)
""")

_TEXT_BODY = sql.SQL("""
SELECT coalesce(string_agg(
    {schema}.hc_hstore_quote(pair.key) || '=>' || {schema}.hc_hstore_quote(
        CASE pair.value WHEN 'true'::jsonb THEN 't' WHEN 'false'::jsonb THEN 'f'
        ELSE pair.value #>> '{{}}' END
    ), ', '), '')
FROM jsonb_each(source) AS pair
""")

_CHANGED_BODY = sql.SQL("""
SELECT coalesce(jsonb_object_agg(pair.key, pair.value), '{{}}')
FROM jsonb_each(after) AS pair WHERE pair.value IS DISTINCT FROM before -> pair.key
""")

_STATUS = sql.SQL("""
BEGIN
    IF public.get_xmlbinary() = 'base64' THEN
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
    INSERT INTO {schema}._trigger_log
        (txid, created_at, state, action, table_name, record_id, sfid, old, "values")
    VALUES (
        txid_current(), clock_timestamp(), {state}, TG_OP, TG_TABLE_NAME,
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
    """SQL for a row's hstore text, by the extension's functions or by our own on jsonb."""

    whole: sql.SQL
    changes: sql.SQL


_BY_EXTENSION = RowText(
    sql.SQL("{extension}.delete({extension}.hstore({row}), hidden)::text"),
    sql.SQL(
        "{extension}.delete({extension}.delete("
        "{extension}.hstore(NEW), {extension}.hstore(OLD)), hidden)::text"
    ),
)
_BY_JSONB = RowText(
    sql.SQL("{schema}.hc_hstore_text(to_jsonb({row}) - hidden)"),
    sql.SQL("{schema}.hc_hstore_text({schema}.hc_changed(to_jsonb(OLD), to_jsonb(NEW)) - hidden)"),
)


def body(conn: Connection, template: sql.SQL, **parts: sql.Composable) -> sql.Literal:
    """Fill a function body and quote it, so that no name in it can end it early."""
    return sql.Literal(template.format(**parts).as_string(conn))


def system_tables(conn: Connection, schema: str) -> sql.Composed:
    """SQL that makes the tables which every connection's schema has."""
    channel = sql.Literal(f"{schema}.hc_trigger_log")
    return SYSTEM_TABLES.format(
        schema=sql.Identifier(schema), notify=body(conn, _NOTIFY, channel=channel)
    )


def capture_functions(conn: Connection, schema: str, extension: str) -> sql.Composed:
    """SQL that makes hc_capture_*; `extension` is the schema that holds hstore."""
    names = {"schema": sql.Identifier(schema), "extension": sql.Identifier(extension)}
    return _CAPTURE_FUNCTIONS.format(
        **names,
        insert_body=body(conn, _CAPTURE_INSERT, **names),
        update_body=body(conn, _CAPTURE_UPDATE, **names),
    )


def text_functions(conn: Connection, schema: str) -> sql.Composed:
    """SQL that makes the functions which write hstore text without the extension."""
    name = sql.Identifier(schema)
    return _TEXT_FUNCTIONS.format(
        schema=name,
        quote_body=body(conn, _QUOTE_BODY),
        text_body=body(conn, _TEXT_BODY, schema=name),
        changed_body=body(conn, _CHANGED_BODY),
    )


def table_functions(
    conn: Connection,
    names: dict[str, sql.Identifier],
    *,
    read_only: bool,
    extension: str | None,
) -> sql.Composed:
    """SQL that makes or replaces a table's two trigger functions.

    Without `extension` (the schema that holds hstore) rows are written through jsonb. Whether a
    write is for Salesforce is a constant compiled into the logger, as in real schemas.
    """
    text = _BY_EXTENSION if extension else _BY_JSONB
    parts = {"schema": names["schema"], "extension": sql.Identifier(extension or "public")}
    logger = body(
        conn,
        _LOGGER,
        schema=names["schema"],
        state=sql.Literal("READONLY" if read_only else "NEW"),
        new_row=text.whole.format(row=sql.SQL("NEW"), **parts),
        old_row=text.whole.format(row=sql.SQL("OLD"), **parts),
        changes=text.changes.format(**parts),
    )
    return _TABLE_FUNCTIONS.format(
        schema=names["schema"],
        status=names["status"],
        logger=names["logger"],
        status_body=body(conn, _STATUS),
        logger_body=logger,
    )
