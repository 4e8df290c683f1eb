"""Notes how writes ended: in the trigger log and in the mapped tables."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg import sql

from emulator.connect.sync import hstore
from emulator.connect.sync.names import names
from emulator.connect.sync.sending import WriteResult
from emulator.connect.sync.session import PgConnection
from emulator.connect.sync.writes import Write

# Until the next poll reads the record back, which makes it SYNCED.
LAST_OPERATION = {"INSERT": "INSERTED", "UPDATE": "UPDATED"}

Ended = Sequence[tuple[Write, WriteResult]]
RowKey = tuple[str, int]  # a table and the value of its id column


def record_entries(conn: PgConnection, schema: str, ended: Ended, now: datetime) -> None:
    """Note the ends in the trigger log; entries that were merged into another become MERGED."""
    named = {"schema": sql.Identifier(schema)}
    update = sql.SQL("""
        UPDATE {schema}._trigger_log SET state = %s, sfid = coalesce(%s, sfid),
            "values" = coalesce(%s, "values"), sf_message = %s, sf_result = %s,
            processed_at = %s, processed_tx = txid_current(), updated_at = %s
        WHERE id = %s
    """)
    merge = sql.SQL("""
        UPDATE {schema}._trigger_log SET state = 'MERGED',
            processed_at = %s, processed_tx = txid_current(), updated_at = %s
        WHERE id = ANY(%s)
    """)
    with conn.cursor() as cursor:
        values = [_end_of_entry(write, result, now) for write, result in ended]
        cursor.executemany(update.format(**named), values)
        merged = [each for write, _ in ended for each in write.merged]
        cursor.execute(merge.format(**named), [now, now, merged])


def _end_of_entry(write: Write, result: WriteResult, now: datetime) -> tuple[object, ...]:
    # If the entry is sent again later, it must carry what was merged into it.
    text = hstore.dump(write.values()) if len(write.texts) > 1 else None
    code = None if result.state == "IGNORED" else int(result.state == "SUCCESS")
    return (result.state, result.sfid, text, result.message, code, now, now, write.entry.id)


def record_rows(conn: PgConnection, schema: str, ended: Ended, sfids: Mapping[RowKey, str]) -> None:
    """Note in each row its Salesforce id and how its last write ended."""
    ends: dict[RowKey, tuple[str, str | None]] = {}
    for write, result in ended:
        row = (write.entry.table, write.entry.record_id)
        # Nothing was sent for an ignored entry, so the end of the write before it stands.
        if result.state != "IGNORED" or row not in ends:
            ends[row] = _end_of_row(write.entry.action, result)
    for table in {table for table, _ in ends}:
        update = sql.SQL(
            "UPDATE {schema}.{table} SET sfid = coalesce(sfid, %s), _hc_lastop = %s,"
            " _hc_err = %s WHERE id = %s"
        ).format(**names(schema, table))
        rows = [(sfids.get(row), *end, row[1]) for row, end in ends.items() if row[0] == table]
        with conn.cursor() as cursor:
            cursor.executemany(update, rows)


def _end_of_row(action: str, result: WriteResult) -> tuple[str, str | None]:
    """Return a row's _hc_lastop and _hc_err."""
    if result.state == "FAILED":
        return "FAILED", json.dumps({"op": action, "msg": result.message})
    if result.state == "IGNORED":
        return "SYNCED", None
    return LAST_OPERATION.get(action, "SYNCED"), None
