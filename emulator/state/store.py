"""What survives a restart: one table of JSON documents beside the tenants' data."""

import json
import threading
from typing import Any

import psycopg

from emulator.state.databases import Databases

# json and not jsonb, which refuses a character that Salesforce's text may hold (NUL).
_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS emulator;
CREATE TABLE IF NOT EXISTS emulator.document (
    kind text NOT NULL, key text NOT NULL, body json NOT NULL, PRIMARY KEY (kind, key)
);
"""


class Store:
    """Documents by kind and key. Changes stay in memory until flush()."""

    def __init__(self, databases: Databases, url: str) -> None:
        self._databases = databases
        self._url = url
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._changes: dict[tuple[str, str], str | None] = {}
        with databases.connection(url) as conn:
            conn.execute(_SCHEMA)

    def put(self, kind: str, key: str, document: dict[str, Any] | None) -> None:
        """Remember a document; None removes it."""
        # Written as text now, because the caller may go on changing the document's parts.
        text = None if document is None else json.dumps(document)
        with self._lock:
            self._changes[kind, key] = text

    @property
    def has_changes(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._changes)

    def flush(self) -> None:
        """Write the changes to Postgres, in one transaction."""
        if not self._changes:
            return
        # Held during the write, so that an older change is never written after a newer one.
        with self._flushing:
            with self._lock:
                changes, self._changes = self._changes, {}
            try:
                self._write(changes)
            except psycopg.Error:
                with self._lock:
                    # Kept for the next flush; what has changed since then wins.
                    self._changes = {**changes, **self._changes}
                raise

    def _write(self, changes: dict[tuple[str, str], str | None]) -> None:
        kept = [(*key, body) for key, body in changes.items() if body is not None]
        gone = [key for key, body in changes.items() if body is None]
        with (
            self._databases.connection(self._url) as conn,
            conn.transaction(),
            conn.cursor() as cursor,
        ):
            if kept:
                cursor.executemany(
                    "INSERT INTO emulator.document VALUES (%s, %s, %s::json)"
                    " ON CONFLICT (kind, key) DO UPDATE SET body = EXCLUDED.body",
                    kept,
                )
            if gone:
                cursor.executemany(
                    "DELETE FROM emulator.document WHERE kind = %s AND key = %s", gone
                )

    def load(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Read every document."""
        with self._databases.connection(self._url) as conn:
            return conn.execute("SELECT kind, key, body FROM emulator.document").fetchall()

    def clear(self) -> None:
        """Remove every document."""
        with self._flushing, self._lock:
            self._changes = {}
            with self._databases.connection(self._url) as conn:
                conn.execute("DELETE FROM emulator.document")
