"""The SQL for the tables that every connection's schema has."""

from psycopg import sql

from emulator.connect.sync.function_body import body
from emulator.connect.sync.session import PgConnection

READ_XMLBINARY = sql.SQL("""
CREATE OR REPLACE FUNCTION public.get_xmlbinary() RETURNS varchar LANGUAGE sql STABLE
AS 'SELECT current_setting(''xmlbinary'')::varchar';
""")

# Source: public dumps of real connection schemas, down to the names of the indexes.
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


def system_tables(conn: PgConnection, schema: str) -> sql.Composed:
    """SQL that makes the tables of every connection's schema."""
    channel = sql.Literal(f"{schema}.hc_trigger_log")
    return SYSTEM_TABLES.format(
        schema=sql.Identifier(schema), notify=body(conn, _NOTIFY, channel=channel)
    )
