"""Retrying or ignoring failed writes. The only module of connect that writes to a tenant's schema.

The way depends on the connection's write mode. Ordered writes: its hc_capture_* functions capture
the row as it is now, and the failed entry becomes REQUEUED. Merged writes, and deletions: the entry
itself is set to NEW, or to REQUEUE in the archive. An ignored write is set to IGNORED; nothing is
sent. connect.write_errors.matching decides which entries may be sent again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import DatabaseError, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from psycopg import sql

from connect import databases, schemas
from connect.health import observations
from connect.models import Connection, RepairResult, SkipReason, WriteError, WriteRepair
from connect.write_errors import hstore, matching, rows, trigger_log
from connect.write_errors.matching import Entry, Match
from connect.write_errors.repair_counts import DATABASE_REFUSED, RepairCounts
from connect.write_errors.trigger_log import ARCHIVE, LOG, FailedWrite

RETRY, IGNORE = "retry", "ignore"
# Small, since the locked entries are Heroku Connect's own work queue.
BATCH_SIZE = 500  # rows in one transaction
MAX_ROWS = 10_000  # in one task

# Skip locked: an entry that Heroku Connect works on now is left to it.
_LOCK = sql.SQL("""
SELECT id FROM {schema}.{log} WHERE state = 'FAILED' AND id = ANY(%s) FOR UPDATE SKIP LOCKED
""")
# hstore is named with its schema, because search_path is never changed.
# An update without columns would capture the whole row, so it captures the sfid alone.
_CAPTURE = sql.SQL("""
SELECT entry.id, CASE WHEN entry.action = 'INSERT'
    THEN {schema}.hc_capture_insert_from_row({extension}.hstore(source), %(table)s)
    ELSE {schema}.hc_capture_update_from_row(
        {extension}.hstore(source), %(table)s, coalesce(
            nullif({extension}.akeys(entry."values"::{extension}.hstore), '{{}}'), '{{sfid}}'
        )
    ) END
FROM unnest(%(ids)s::int[], %(rows)s::int[]) AS wanted(entry_id, row_id)
JOIN {schema}.{log} AS entry ON entry.id = wanted.entry_id
JOIN {schema}.{table} AS source ON source.id = wanted.row_id
    AND source.sfid IS NOT DISTINCT FROM entry.sfid
ORDER BY entry.id
""")
_SENT = sql.SQL("""SELECT id, coalesce("values", '') FROM {schema}.{log} WHERE id = ANY(%s)""")
_SET = sql.SQL("UPDATE {schema}.{log} SET state = %s, updated_at = now() WHERE id = ANY(%s)")
# The extension may be installed in any schema of the database.
_HSTORE = """
SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
WHERE extname = 'hstore'
"""


@dataclass(frozen=True)
class _Repair:
    connection: Connection
    action: str
    table: str
    cause: str
    actor: str
    error_id: int | None
    log: str = LOG

    def sql(self, statement: sql.SQL, **more: sql.Composable) -> sql.Composed:
        names = {
            "schema": sql.Identifier(schemas.checked(self.connection.schema_name)),
            "log": sql.Identifier(self.log),
        }
        return statement.format(**{**names, **more})


@dataclass(frozen=True)
class _Sent:
    """What was made of an entry: the entry that Heroku Connect will send, None if it makes it."""

    new_log_id: int | None = None
    other_columns: Sequence[str] = ()


def repair(
    connection: Connection,
    action: str,
    table: str,
    cause: str,
    actor: str,
    chosen: Sequence[tuple[str, int]] | None = None,
) -> RepairCounts:
    """Retry or ignore the failed writes of an object and cause; with `chosen`, only those.

    `chosen` holds pairs of a log's name and an entry's id. The caller holds the connection's lease.
    """
    tally = RepairCounts()
    errors = WriteError.objects.filter(connection=connection, table_name=table, cause=cause)
    job = _Repair(
        connection, action, table, cause, actor, errors.values_list("pk", flat=True).first()
    )
    found = trigger_log.chosen_rows(connection, table, cause, MAX_ROWS, chosen)
    # Heroku Connect moves finished entries to the archive, failed ones too.
    for log in (LOG, ARCHIVE):
        # The oldest first, to keep the order of the writes.
        writes = sorted((each for each in found if each.log == log), key=lambda each: each.id)
        for at in range(0, len(writes), BATCH_SIZE):
            _repair_batch(replace(job, log=log), writes[at : at + BATCH_SIZE], tally)
    return tally


def plan(
    connection: Connection, table: str, writes: Sequence[FailedWrite], cursor: CursorWrapper
) -> list[Match]:
    """Return what a retry would send of these writes, and what it would skip. Changes nothing."""
    entries = [Entry.of(each) for each in writes]
    found = rows.read(cursor, connection.schema_name, table, entries)
    if found is None:
        return [Match(each, skipped=SkipReason.NO_TABLE) for each in entries]
    ordered = observations.of(connection).ordered_writes
    return matching.match_all(entries, found, ordered=ordered)


def _repair_batch(job: _Repair, writes: Sequence[FailedWrite], tally: RepairCounts) -> None:
    recorded: list[WriteRepair] = []
    try:
        with databases.cursor_of(databases.alias_of(job.connection)) as cursor:
            matches, sent = _repair_some(cursor, job, writes)
            # Stored before the tenant's transaction ends, or with it where both are in one
            # database: no write is sent again without a record of who asked.
            with transaction.atomic():
                recorded = _record(job, matches, sent)
    except DatabaseError as error:
        # In one database these are gone already; in two they say what did not happen.
        WriteRepair.objects.filter(pk__in=[each.pk for each in recorded]).delete()
        tally.failed[DATABASE_REFUSED] += len(writes)
        _record_failed(job, writes, str(error))
        return
    other = sum(bool(each.other_columns) for each in sent.values())
    tally.other_values += other
    tally.done += len(sent) - other
    tally.skipped.update(each.skipped for each in matches if each.skipped)


def _repair_some(
    cursor: CursorWrapper, job: _Repair, writes: Sequence[FailedWrite]
) -> tuple[list[Match], dict[int, _Sent]]:
    """Work on one batch; return how each entry was matched, and what was made of the others."""
    cursor.execute(
        "SELECT set_config('statement_timeout', %s, true)", [trigger_log.STATEMENT_TIMEOUT]
    )
    cursor.execute(job.sql(_LOCK), [[each.id for each in writes]])
    locked = {pk for (pk,) in cursor.fetchall()}
    gone = [Match(Entry.of(x), skipped=SkipReason.CHANGED) for x in writes if x.id not in locked]
    mine = [each for each in writes if each.id in locked]
    if job.action == IGNORE:
        _mark(cursor, job, "IGNORED", locked)
        return gone + [Match(Entry.of(x)) for x in mine], {pk: _Sent() for pk in locked}
    matches = plan(job.connection, job.table, mine, cursor)
    sent = _send_again(cursor, job, [each for each in matches if not each.skipped])
    return gone + [_checked(each, sent) for each in matches], sent


def _checked(match: Match, sent: dict[int, _Sent]) -> Match:
    """Return a match as skipped if its row changed at the last moment."""
    if match.skipped or match.entry.id in sent:
        return match
    return Match(match.entry, skipped=SkipReason.CHANGED)


def _send_again(cursor: CursorWrapper, job: _Repair, matches: Sequence[Match]) -> dict[int, _Sent]:
    """Send entries again; return what was made of each by its id."""
    given_back = [each.entry.id for each in matches if not each.captured]
    # NEW sends the entry again where it is; with REQUEUE Heroku Connect copies it.
    in_place = job.log == LOG and not observations.of(job.connection).ordered_writes
    _mark(cursor, job, "NEW" if in_place else "REQUEUE", given_back)
    captured = _capture(cursor, job, [each for each in matches if each.captured])
    _mark(cursor, job, "REQUEUED", captured)
    return {pk: _Sent(pk if in_place else None) for pk in given_back} | captured


def _capture(cursor: CursorWrapper, job: _Repair, matches: Sequence[Match]) -> dict[int, _Sent]:
    if not matches:
        return {}
    cursor.execute(_HSTORE)
    (extension,) = cursor.fetchone() or ("public",)
    names = {"extension": sql.Identifier(extension), "table": sql.Identifier(job.table)}
    row_ids = {each.entry.id: each.row.id for each in matches if each.row}
    numbers = list(row_ids.values())
    parameters: dict[str, Any] = {"table": job.table, "ids": list(row_ids), "rows": numbers}
    cursor.execute(job.sql(_CAPTURE, **names), parameters)
    made = {old: new for old, new in cursor.fetchall() if new is not None}
    cursor.execute(job.sql(_SENT, log=sql.Identifier(LOG)), [list(made.values())])
    texts = dict(cursor.fetchall())
    wanted = {each.entry.id: each.entry.values for each in matches}
    return {
        old: _Sent(new, _other_columns(wanted[old], hstore.parse(texts[new])))
        for old, new in made.items()
    }


def _other_columns(wanted: hstore.Values, present: hstore.Values) -> list[str]:
    return [each.column for each in matching.differences(wanted, present)]


def _mark(cursor: CursorWrapper, job: _Repair, state: str, ids: Iterable[int]) -> None:
    ids = list(ids)
    if ids:
        cursor.execute(job.sql(_SET), [state, ids])


def _record(job: _Repair, matches: Sequence[Match], sent: dict[int, _Sent]) -> list[WriteRepair]:
    made = []
    for each in matches:
        row = _row(job, each.entry.id, each.entry.record_id)
        if each.skipped:
            row.result, row.reason, row.ended_at = RepairResult.SKIPPED, each.skipped, row.asked_at
        elif job.action == IGNORE:
            row.result, row.ended_at = RepairResult.IGNORED, row.asked_at
        else:
            row.new_log_id = sent[each.entry.id].new_log_id
            row.differences = list(sent[each.entry.id].other_columns)
        made.append(row)
    return WriteRepair.objects.bulk_create(made)


def _record_failed(job: _Repair, writes: Sequence[FailedWrite], message: str) -> None:
    made = [_row(job, each.id, each.record_id) for each in writes]
    for row in made:
        row.result, row.message, row.ended_at = RepairResult.FAILED, message, row.asked_at
    WriteRepair.objects.bulk_create(made)


def _row(job: _Repair, log_id: int, record_id: int) -> WriteRepair:
    return WriteRepair(
        connection=job.connection,
        error_id=job.error_id,
        table_name=job.table,
        record_id=record_id,
        log_id=log_id,
        cause=job.cause,
        action=job.action,
        actor=job.actor,
        asked_at=timezone.now(),
    )
