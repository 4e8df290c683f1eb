"""One run over a connection's trigger log: entries taken, sent to the org, and their ends noted."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from psycopg import sql

from emulator.connect.sync import hstore
from emulator.connect.sync.session import Connection, names, own_session
from emulator.connect.sync.writes import Entry, Outcome, Write, plan, send
from emulator.org.org import Org

BATCH = 200  # records in one SOAP call
LAST_OPERATION = {"INSERT": "INSERTED", "UPDATE": "UPDATED"}

Row = tuple[str, int]  # a table and the value of its id column


@dataclass
class Push:
    """A run. `objects` maps the mapped tables to their objects; `states` counts the ends."""

    conn: Connection
    schema: str
    org: Org
    objects: Mapping[str, str]
    now: datetime
    merged_writes: bool
    states: Counter[str] = field(default_factory=Counter)
    sfids: dict[Row, str] = field(default_factory=dict)

    def run(self) -> None:
        """Work until no entry waits. The caller must be the schema's only one."""
        self._follow_requests()
        while entries := self._take():
            writes = plan(entries, merged_writes=self.merged_writes)
            self._record([(write, self._carry(write)) for write in writes])

    def _follow_requests(self) -> None:
        """Do what users asked for by a state: IGNORE skips an entry, REQUEUE sends a copy of it."""
        with self.conn.transaction():
            ignored = self.conn.execute(
                self._sql("""
                    UPDATE {schema}._trigger_log
                    SET state = 'IGNORED', processed_at = %(now)s, updated_at = %(now)s
                    WHERE state = 'IGNORE'
                """),
                {"now": self.now},
            )
            self.states["IGNORED"] += ignored.rowcount
            for table in ("_trigger_log", "_trigger_log_archive"):
                self.conn.execute(
                    self._sql(
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
                        table,
                    ),
                    {"now": self.now},
                )

    def _take(self) -> list[Entry]:
        """Mark the oldest waiting entries PENDING; those of a run that died count as waiting."""
        with own_session(self.conn):
            rows = self.conn.execute(
                self._sql("""
                    UPDATE {schema}._trigger_log SET state = 'PENDING', updated_at = %s
                    WHERE id IN (
                        SELECT id FROM {schema}._trigger_log
                        WHERE state IN ('NEW', 'PENDING') AND table_name = ANY(%s)
                        ORDER BY id LIMIT %s
                    )
                    RETURNING id, action, table_name, record_id, sfid, coalesce("values", '')
                """),
                [self.now, list(self.objects), BATCH],
            ).fetchall()
            entries = sorted((Entry(*row) for row in rows), key=lambda entry: entry.id)
            self._mark_rows(entries)
        return entries

    def _mark_rows(self, entries: list[Entry]) -> None:
        # A row that failed before must leave FAILED first: the status trigger reads a write that
        # leaves _hc_lastop alone as "synced", so a second FAILED would be lost.
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

    def _carry(self, write: Write) -> Outcome:
        entry = write.entry
        outcome = send(self.org, self.objects[entry.table], write, self._sfid(entry), self.now)
        row = (entry.table, entry.record_id)
        if entry.action == "DELETE":
            self.sfids.pop(row, None)  # whatever gets this id next is another record
        elif outcome.sfid:
            self.sfids[row] = outcome.sfid
        return outcome

    def _sfid(self, entry: Entry) -> str | None:
        """Return the record's id, which an entry lacks when its row was not yet pushed by then."""
        known = entry.sfid or self.sfids.get((entry.table, entry.record_id))
        if known or entry.action == "INSERT":
            return known
        found = self.conn.execute(
            self._sql(
                """
                SELECT sfid FROM {schema}.{table} WHERE id = %(id)s AND sfid IS NOT NULL
                UNION ALL
                SELECT sfid FROM {schema}._trigger_log
                WHERE record_id = %(id)s AND table_name = %(table)s AND sfid IS NOT NULL
                """,
                entry.table,
            ),
            {"id": entry.record_id, "table": entry.table},
        ).fetchone()
        return found[0] if found else None

    def _record(self, ended: list[tuple[Write, Outcome]]) -> None:
        """Note the ends of a batch in the log and in the tables, in one transaction."""
        with own_session(self.conn):
            self._record_entries(ended)
            self._record_rows(ended)
        for write, outcome in ended:
            self.states[outcome.state] += 1
            self.states["MERGED"] += len(write.merged)

    def _record_entries(self, ended: list[tuple[Write, Outcome]]) -> None:
        with self.conn.cursor() as cursor:
            cursor.executemany(
                self._sql("""
                    UPDATE {schema}._trigger_log SET state = %s, sfid = coalesce(%s, sfid),
                        "values" = coalesce(%s, "values"), sf_message = %s, sf_result = %s,
                        processed_at = %s, processed_tx = txid_current(), updated_at = %s
                    WHERE id = %s
                """),
                [self._end_of_entry(write, outcome) for write, outcome in ended],
            )
            cursor.execute(
                self._sql("""
                    UPDATE {schema}._trigger_log SET state = 'MERGED',
                        processed_at = %s, processed_tx = txid_current(), updated_at = %s
                    WHERE id = ANY(%s)
                """),
                [self.now, self.now, [each for write, _ in ended for each in write.merged]],
            )

    def _end_of_entry(self, write: Write, outcome: Outcome) -> tuple[object, ...]:
        # Sent again later, the entry must carry what was folded into it.
        text = hstore.dump(write.values()) if len(write.texts) > 1 else None
        result = None if outcome.state == "IGNORED" else int(outcome.state == "SUCCESS")
        return (
            *(outcome.state, outcome.sfid, text, outcome.message, result),
            *(self.now, self.now, write.entry.id),
        )

    def _record_rows(self, ended: list[tuple[Write, Outcome]]) -> None:
        ends: dict[Row, tuple[str, str | None]] = {}
        for write, outcome in ended:
            row = (write.entry.table, write.entry.record_id)
            if outcome.state != "IGNORED" or row not in ends:
                ends[row] = _end_of_row(write.entry.action, outcome)
        for table in {table for table, _ in ends}:
            update = self._sql(
                "UPDATE {schema}.{table} SET sfid = coalesce(sfid, %s), _hc_lastop = %s,"
                " _hc_err = %s WHERE id = %s",
                table,
            )
            rows = [
                (self.sfids.get(row), *end, row[1]) for row, end in ends.items() if row[0] == table
            ]
            with self.conn.cursor() as cursor:
                cursor.executemany(update, rows)

    def _sql(self, statement: str, table: str = "_trigger_log") -> sql.Composed:
        return sql.SQL(statement).format(**names(self.schema, table))


def _end_of_row(action: str, outcome: Outcome) -> tuple[str, str | None]:
    """Return a row's _hc_lastop and _hc_err."""
    if outcome.state == "FAILED":
        return "FAILED", json.dumps({"op": action, "msg": outcome.message})
    if outcome.state == "IGNORED":
        return "SYNCED", None
    return LAST_OPERATION.get(action, "SYNCED"), None
