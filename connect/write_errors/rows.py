"""Reading the rows of a mapped table that failed writes may belong to."""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from connect import schemas
from connect.write_errors.matching import Entry, Row, Rows
from connect.write_errors.trigger_log import LOG

_COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
# format() gives the text that hstore holds; a cast does not, e.g. of booleans.
_TEXT = sql.SQL("CASE WHEN {column} IS NOT NULL THEN format('%%s', {column}) END")
_ROWS = sql.SQL("""
SELECT id, sfid, ARRAY[{texts}]::text[] FROM {schema}.{table} WHERE id = ANY(%s) OR sfid = ANY(%s)
""")
_WAITING = sql.SQL("""
SELECT record_id FROM {schema}.{log} WHERE table_name = %s AND action = 'INSERT'
    AND (state = 'NEW' OR state = 'PENDING') AND record_id = ANY(%s)
""")


def read(cursor: CursorWrapper, schema: str, table: str, entries: Sequence[Entry]) -> Rows | None:
    """Return the rows that entries may belong to; None if the table is no longer mapped."""
    names = {"schema": sql.Identifier(schemas.checked(schema)), "table": sql.Identifier(table)}
    columns = _columns(cursor, names)
    if not {"id", "sfid"} <= set(columns):
        return None
    texts = sql.SQL(", ").join(_TEXT.format(column=sql.Identifier(each)) for each in columns)
    numbers = [each.record_id for each in entries]
    sfids = [each.sfid for each in entries if each.sfid]
    cursor.execute(_ROWS.format(**names, texts=texts), [numbers, sfids])
    found = [
        Row(number, sfid, dict(zip(columns, values, strict=True)))
        for number, sfid, values in cursor.fetchall()
    ]
    cursor.execute(_WAITING.format(**names, log=sql.Identifier(LOG)), [table, numbers])
    waiting = frozenset(number for (number,) in cursor.fetchall())
    by_sfid = {row.sfid: row for row in found if row.sfid}
    return Rows({row.id: row for row in found}, by_sfid, waiting)


def _columns(cursor: CursorWrapper, names: dict[str, sql.Identifier]) -> list[str]:
    qualified = sql.SQL("{schema}.{table}").format(**names).as_string()
    cursor.execute(_COLUMNS, [qualified])
    return [name for (name,) in cursor.fetchall()]
