"""One push: waiting entries of the trigger log are taken, sent to the org, and their end noted."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from psycopg import sql

from emulator.connect.sync.columns import Config
from emulator.connect.sync.names import names, table_name
from emulator.connect.sync.push_results import record_entries, record_rows
from emulator.connect.sync.sending import WriteResult, send
from emulator.connect.sync.sent import Sent
from emulator.connect.sync.session import PgConnection, alone, own_session
from emulator.connect.sync.writes import LogEntry, Write, plan
from emulator.org.org import Org

MAX_BATCH = 200  # records in one SOAP call


class PushResult(NamedTuple):
    """How many trigger-log entries ended in which state."""

    success: int
    failed: int
    ignored: int
    merged: int


def push_writes(
    conn: PgConnection,
    schema: str,
    org: Org,
    mappings: Mapping[str, Config],
    now: datetime,
    merged_writes: bool,
    sent: Sent | None = None,
) -> PushResult:
    """Send the trigger log's new entries to the org, oldest first, and note how each ended.

    `conn` is in autocommit mode: the push commits piece by piece, so that others see its progress.
    Entries of tables that are not in `mappings` go on waiting. A mapping's access is not checked: a
    switch to read_only does not stop what was captured before.
    """
    objects = {table_name(name): name for name in mappings}
    push = _Push(conn, schema, org, objects, now, merged_writes, sent or Sent())
    with alone(conn, schema):
        push.run()
    ends = push.states
    return PushResult(ends["SUCCESS"], ends["FAILED"], ends["IGNORED"], ends["MERGED"])


@dataclass
class _Push:
    """A run. `objects` maps the mapped tables to their objects; `states` counts the ends."""

    conn: PgConnection
    schema: str
    org: Org
    objects: Mapping[str, str]
    now: datetime
    merged_writes: bool
    sent: Sent
    states: Counter[str] = field(default_factory=Counter)
    sfids: dict[tuple[str, int], str] = field(default_factory=dict)  # by table and row id

    def run(self) -> None:
        """Work until no entry waits. No other push may run on the schema."""
        self._skip_ignored()
        for log in ("_trigger_log", "_trigger_log_archive"):
            self._requeue(log)
        # Entries that are written during the push are sent by it too.
        while entries := self._take():
            writes = plan(entries, merged_writes=self.merged_writes)
            ended = [(write, self._send(write)) for write in writes]
            # Before the log says that they have ended: a kill must lose no record of the org.
            self.sent.flush()
            self._record(ended)
            self.sent.forget(self._key(write.entry) for write in writes)

    def _skip_ignored(self) -> None:
        """Finish the entries that a user has set to IGNORE."""
        skip = self._sql("""
            UPDATE {schema}._trigger_log
            SET state = 'IGNORED', processed_at = %(now)s, updated_at = %(now)s
            WHERE state = 'IGNORE'
        """)
        self.states["IGNORED"] += self.conn.execute(skip, {"now": self.now}).rowcount

    def _requeue(self, log: str) -> None:
        """Add a copy of each entry that a user has set to REQUEUE."""
        copy = self._sql(
            """
            WITH asked AS (
                UPDATE {schema}.{table} SET state = 'REQUEUED', updated_at = %(now)s
                WHERE state = 'REQUEUE' RETURNING *
            )
            INSERT INTO {schema}._trigger_log
                (txid, state, action, table_name, record_id, sfid, old, "values")
            SELECT txid_current(), 'NEW',
                action, table_name, record_id, sfid, old, "values"
            FROM asked ORDER BY id
            """,
            log,
        )
        self.conn.execute(copy, {"now": self.now})

    def _take(self) -> list[LogEntry]:
        """Mark the oldest waiting entries PENDING; those of a run that died still wait."""
        take = self._sql("""
            UPDATE {schema}._trigger_log SET state = 'PENDING', updated_at = %s
            WHERE id IN (
                SELECT id FROM {schema}._trigger_log
                WHERE state IN ('NEW', 'PENDING') AND table_name = ANY(%s)
                ORDER BY id LIMIT %s
            )
            RETURNING id, action, table_name, record_id, sfid, coalesce("values", '')
        """)
        with own_session(self.conn):
            rows = self.conn.execute(take, [self.now, list(self.objects), MAX_BATCH]).fetchall()
            entries = sorted((LogEntry(*row) for row in rows), key=lambda entry: entry.id)
            self._mark_rows(entries)
        return entries

    def _mark_rows(self, entries: list[LogEntry]) -> None:
        # A row that failed before must leave FAILED first. The status trigger takes a write that
        # does not change _hc_lastop for "synced", so a second FAILED would be lost.
        rows = defaultdict(list)
        for entry in entries:
            rows[entry.table].append(entry.record_id)
        for table, ids in rows.items():
            mark = self._sql(
                "UPDATE {schema}.{table} SET _hc_lastop = 'PENDING'"
                " WHERE id = ANY(%s) AND _hc_lastop <> 'PENDING'",
                table,
            )
            self.conn.execute(mark, [ids])

    def _send(self, write: Write) -> WriteResult:
        entry = write.entry
        result = self._send_once(write)
        row = (entry.table, entry.record_id)
        if entry.action == "DELETE":
            self.sfids.pop(row, None)  # the next row with this id is another record
        elif result.sfid:
            self.sfids[row] = result.sfid
        return result

    def _send_once(self, write: Write) -> WriteResult:
        entry, key = write.entry, self._key(write.entry)
        if taken := self.sent.ids.get(key):
            return WriteResult("SUCCESS", taken)
        # Under the org's lock, so that another thread stores the record and this together.
        with self.org.lock:
            result = send(self.org, self.objects[entry.table], write, self._sfid(entry), self.now)
            if result.state == "SUCCESS" and result.sfid:
                self.sent.keep(key, result.sfid)
        return result

    def _key(self, entry: LogEntry) -> str:
        return f"{self.schema}/{entry.id}"

    def _sfid(self, entry: LogEntry) -> str | None:
        """Find the record's id; an entry lacks it when its row was not in Salesforce by then."""
        known = entry.sfid or self.sfids.get((entry.table, entry.record_id))
        if known or entry.action != "UPDATE":
            return known
        query = self._sql("SELECT sfid FROM {schema}.{table} WHERE id = %s", entry.table)
        found = self.conn.execute(query, [entry.record_id]).fetchone()
        return found[0] if found else None

    def _record(self, ended: list[tuple[Write, WriteResult]]) -> None:
        """Note the ends of a batch in the log and in the tables, in one transaction."""
        with own_session(self.conn):
            record_entries(self.conn, self.schema, ended, self.now)
            record_rows(self.conn, self.schema, ended, self.sfids)
        for write, result in ended:
            self.states[result.state] += 1
            self.states["MERGED"] += len(write.merged)

    def _sql(self, statement: str, table: str = "_trigger_log") -> sql.Composed:
        return sql.SQL(statement).format(**names(self.schema, table))
