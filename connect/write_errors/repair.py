"""Retrying or ignoring failed writes. The only module of connect that writes to a tenant's schema.

The way depends on the connection's write mode. Ordered writes: its hc_capture_* functions capture
the row as it is now, and the failed entry becomes REQUEUED. Merged writes, and deletions: the entry
itself is set to NEW, or to REQUEUE in the archive. An ignored write is set to IGNORED; nothing is
sent.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection as database
from django.db import transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from psycopg import sql

from connect import schemas
from connect.health import observations
from connect.models import Connection, WriteRepair
from connect.write_errors import trigger_log
from connect.write_errors.trigger_log import ARCHIVE, LOG

RETRY, IGNORE = "retry", "ignore"
# Small, since the locked entries are Heroku Connect's own work queue.
BATCH_SIZE = 500  # rows in one transaction
MAX_ROWS = 10_000  # in one task

# Skip locked: an entry that Heroku Connect works on now is left to it.
_LOCK = sql.SQL("""
SELECT id, record_id, action, table_name FROM {schema}.{log}
WHERE state = 'FAILED' AND id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED
""")
# hstore is named with its schema, because search_path is never changed.
_CAPTURE = sql.SQL("""
SELECT entry.id, CASE WHEN entry.action = 'INSERT' AND source.sfid IS NULL
    THEN {schema}.hc_capture_insert_from_row({extension}.hstore(source), %(table)s)
    ELSE {schema}.hc_capture_update_from_row(
        {extension}.hstore(source), %(table)s, {extension}.akeys(entry."values"::{extension}.hstore)
    ) END
FROM {schema}.{log} AS entry JOIN {schema}.{table} AS source ON source.id = entry.record_id
WHERE entry.id = ANY(%(ids)s) ORDER BY entry.id
""")
_SET = sql.SQL("UPDATE {schema}.{log} SET state = %s, updated_at = now() WHERE id = ANY(%s)")
# The extension may be installed in any schema of the database.
_HSTORE = """
SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
WHERE extname = 'hstore'
"""


@dataclass
class RepairCounts:
    """The number of handled entries, and the reasons for the skipped ones."""

    done: int = 0
    skipped: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __str__(self) -> str:
        parts = [f"{self.done} writes"]
        parts += [f"{count} skipped: {reason}" for reason, count in self.skipped.items()]
        return "; ".join(parts)


@dataclass(frozen=True)
class _Entry:
    id: int
    record_id: int
    action: str
    table: str


@dataclass(frozen=True)
class _Repair:
    connection: Connection
    action: str
    log: str
    cause: str
    actor: str

    def sql(self, statement: sql.SQL, **more: sql.Composable) -> sql.Composed:
        return statement.format(
            schema=sql.Identifier(schemas.checked(self.connection.schema_name)),
            log=sql.Identifier(self.log),
            **more,
        )


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
    found = trigger_log.rows(connection.schema_name, table, cause, MAX_ROWS)
    wanted = set(chosen) if chosen is not None else None
    # Heroku Connect moves finished entries to the archive, failed ones too.
    for log in (LOG, ARCHIVE):
        ids = [
            row.id
            for row in found
            if row.log == log and (wanted is None or (log, row.id) in wanted)
        ]
        # The oldest first, to keep the order of the writes.
        for at in range(0, len(ids), BATCH_SIZE):
            batch = sorted(ids)[at : at + BATCH_SIZE]
            _repair_some(_Repair(connection, action, log, cause, actor), batch, tally)
    return tally


def _repair_some(job: _Repair, ids: list[int], tally: RepairCounts) -> None:
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true)", [trigger_log.STATEMENT_TIMEOUT]
        )
        cursor.execute(job.sql(_LOCK), [ids])
        entries = [_Entry(*row) for row in cursor.fetchall()]
        # Since they were read, Heroku Connect or another person has changed them.
        if len(entries) < len(ids):
            tally.skipped["changed since then"] += len(ids) - len(entries)
        if job.action == IGNORE:
            made = _ignore(cursor, job, entries)
        else:
            made = _send_again(cursor, job, entries, tally)
        # In the same transaction: no write is sent again without a record of who asked.
        _record(job, entries, made)
    tally.done += len(made)


def _ignore(cursor: CursorWrapper, job: _Repair, entries: list[_Entry]) -> dict[int, int | None]:
    _mark(cursor, job, "IGNORED", (each.id for each in entries))
    return {each.id: None for each in entries}


def _send_again(
    cursor: CursorWrapper, job: _Repair, entries: list[_Entry], tally: RepairCounts
) -> dict[int, int | None]:
    """Return {old entry id: new entry id}; None if Heroku Connect creates the new entry."""
    ordered = observations.of(job.connection).ordered_writes
    # A deleted row is gone, so there is nothing to capture: its entry is sent again.
    to_capture = [each for each in entries if ordered and each.action != "DELETE"]
    to_give_back = [each.id for each in entries if each not in to_capture]
    made: dict[int, int | None] = dict.fromkeys(to_give_back)
    in_place = job.log == LOG and not ordered
    # NEW sends the entry again where it is; with REQUEUE Heroku Connect copies it.
    _mark(cursor, job, "NEW" if in_place else "REQUEUE", to_give_back)
    if in_place:
        made = {each: each for each in to_give_back}
    captured = _capture(cursor, job, to_capture)
    _mark(cursor, job, "REQUEUED", captured)
    if len(captured) < len(to_capture):
        tally.skipped["the row is gone"] += len(to_capture) - len(captured)
    return {**made, **captured}


def _capture(cursor: CursorWrapper, job: _Repair, entries: list[_Entry]) -> dict[int, int]:
    if not entries:
        return {}
    cursor.execute(_HSTORE)
    (extension,) = cursor.fetchone() or ("public",)
    table = entries[0].table
    statement = job.sql(_CAPTURE, extension=sql.Identifier(extension), table=sql.Identifier(table))
    cursor.execute(statement, {"table": table, "ids": [each.id for each in entries]})
    # The capture functions return NULL for a row without an id.
    return {old: new for old, new in cursor.fetchall() if new is not None}


def _mark(cursor: CursorWrapper, job: _Repair, state: str, ids: Iterable[int]) -> None:
    ids = list(ids)
    if ids:
        cursor.execute(job.sql(_SET), [state, ids])


def _record(job: _Repair, entries: list[_Entry], made: dict[int, int | None]) -> None:
    ignored = job.action == IGNORE
    now = timezone.now()
    WriteRepair.objects.bulk_create(
        WriteRepair(
            connection=job.connection,
            table_name=each.table,
            record_id=each.record_id,
            log_id=each.id,
            new_log_id=made[each.id],
            cause=job.cause,
            action=job.action,
            actor=job.actor,
            asked_at=now,
            result="IGNORED" if ignored else "",
            ended_at=now if ignored else None,
        )
        for each in entries
        if each.id in made
    )
