"""Connections to Postgres, kept open between uses."""

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

CONNECT_TIMEOUT = 5  # seconds


class Databases:
    """A few open connections for each database URL, lent to one user at a time."""

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
        if conn is not None and not conn.closed and _was_ended(conn):
            conn.close()
        if conn is None or conn.closed:
            conn = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT)
        try:
            yield conn
        except BaseException:
            # Its session may still hold a lock or a setting.
            conn.close()
            raise
        with self._lock:
            if not self._closed:
                idle.append(conn)
                return
        conn.close()

    def close(self) -> None:
        """Close every idle connection; those in use close when they are given back."""
        with self._lock:
            self._closed = True
            for idle in self._idle.values():
                while idle:
                    idle.pop().close()


def _was_ended(conn: psycopg.Connection[Any]) -> bool:
    """Return whether the server has ended an idle connection: only then can it be read."""
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def has_hstore(conn: psycopg.Connection[Any]) -> bool:
    """Return whether this server has the hstore extension, which ordered writes need."""
    query = "SELECT count(*) FROM pg_available_extensions WHERE name = 'hstore'"
    return conn.execute(query).fetchone() == (1,)
