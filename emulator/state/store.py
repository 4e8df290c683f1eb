"""What survives a restart: one table of JSON documents beside the tenants' data."""

import dataclasses
import json
import threading
import types
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import psycopg

from emulator.times import iso

Entity = TypeVar("Entity")

# json and not jsonb, which refuses characters that Salesforce's text may hold (NUL).
_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS emulator;
CREATE TABLE IF NOT EXISTS emulator.document (
    kind text NOT NULL, key text NOT NULL, body json NOT NULL, PRIMARY KEY (kind, key)
);
"""


class Databases:
    """A few open connections for each database URL, handed out one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[str, list[psycopg.Connection[Any]]] = {}
        self._closed = False

    @contextmanager
    def connection(self, url: str) -> Iterator[psycopg.Connection[Any]]:
        """Lend a connection in autocommit mode; after an error it is not lent again."""
        with self._lock:
            idle = self._idle.setdefault(url, [])
            conn = idle.pop() if idle else None
        if conn is None or conn.closed:
            conn = psycopg.connect(url, autocommit=True, connect_timeout=5)
        try:
            yield conn
        except BaseException:
            conn.close()
            raise
        with self._lock:
            if not self._closed:
                idle.append(conn)
                return
        conn.close()

    def close(self) -> None:
        """Close every idle connection, and those in use when they come back."""
        with self._lock:
            self._closed = True
            for idle in self._idle.values():
                while idle:
                    idle.pop().close()


class Store:
    """Documents by kind and key. Changes gather in memory until flush()."""

    def __init__(self, databases: Databases, url: str) -> None:
        self._databases = databases
        self._url = url
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._changes: dict[tuple[str, str], str | None] = {}
        with databases.connection(url) as conn:
            conn.execute(_SCHEMA)

    def put(self, kind: str, key: str, document: dict[str, Any] | None) -> None:
        """Remember a document, or with None its end."""
        # Written out now: the caller may go on changing what the document is made of.
        text = None if document is None else json.dumps(document)
        with self._lock:
            self._changes[kind, key] = text

    def flush(self) -> None:
        """Write what has changed, in one transaction."""
        if not self._changes:
            return
        # Held over the write, so that an older change never lands after a newer one.
        with self._flushing:
            with self._lock:
                changes, self._changes = self._changes, {}
            try:
                self._write(changes)
            except psycopg.Error:
                with self._lock:
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
        """Forget every document."""
        with self._flushing, self._lock:
            self._changes = {}
            with self._databases.connection(self._url) as conn:
                conn.execute("DELETE FROM emulator.document")


def to_document(entity: Any) -> dict[str, Any]:
    """Write a flat dataclass as JSON; moments become ISO text."""
    document = {}
    for each in dataclasses.fields(entity):
        value = getattr(entity, each.name)
        document[each.name] = iso(value) if isinstance(value, datetime) else value
    return document


def from_document(kind: type[Entity], document: dict[str, Any]) -> Entity:
    """Read to_document()'s JSON back; keys that the class no longer has are left out."""
    values = {}
    for name, hint in typing.get_type_hints(kind).items():
        if name in document:
            values[name] = _revive(hint, document[name])
    return kind(**values)


def _revive(hint: Any, value: Any) -> Any:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if datetime in options and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value
