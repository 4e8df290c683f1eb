"""The SQL for functions that write hstore text where the hstore extension is missing.

jsonb takes the place of hstore: it keeps its keys in the same order.
"""

from psycopg import sql

from emulator.connect.sync.function_body import body
from emulator.connect.sync.session import PgConnection

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

# hstore prints booleans as t and f, jsonb as true and false.
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


def text_functions(conn: PgConnection, schema: str) -> sql.Composed:
    """SQL that makes functions that write hstore text without the extension."""
    name = sql.Identifier(schema)
    return _TEXT_FUNCTIONS.format(
        schema=name,
        quote_body=body(conn, _QUOTE_BODY),
        text_body=body(conn, _TEXT_BODY, schema=name),
        changed_body=body(conn, _CHANGED_BODY),
    )
