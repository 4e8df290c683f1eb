"""All tables of a tenant's schema as one ZIP of CSV files, made while it is sent.

Nothing is stored on the way: a dyno has no disk to keep, and no pg_dump.
"""

import io
import re
from collections.abc import Iterator
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from connect import databases, schemas

CHUNK = 256 * 1024  # bytes, before they are sent
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_NOT_IN_NAMES = re.compile(r"[^0-9A-Za-z_.-]")


class _Pipe(io.RawIOBase):
    """A file that holds what was written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self.size += len(part)
        return len(part)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts, self.size = [], 0
        return taken


def export(name: str, alias: str) -> Iterator[bytes]:
    """Yield the ZIP piece by piece, all tables as they are at one moment.

    `alias` is the schema's database (connect.databases). Raises DatabaseAway, also half-way: then
    the file has no end, and no program opens it.
    """
    pipe = _Pipe()
    with databases.cursor_of(alias) as cursor:
        cursor.execute(_SNAPSHOT)
        with ZipFile(pipe, "w", ZIP_DEFLATED) as archive:
            for table in schemas.tables(name, cursor):
                yield from _table(cursor, archive, pipe, name, table)
    yield pipe.take()


def _table(
    cursor: CursorWrapper, archive: ZipFile, pipe: _Pipe, name: str, table: str
) -> Iterator[bytes]:
    rows = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT csv, HEADER)")
    query = rows.format(sql.Identifier(schemas.checked(name), table))
    # A table may be larger than 2 GB, which has to be known before its first row.
    entry = archive.open(f"{_NOT_IN_NAMES.sub('_', table)}.csv", "w", force_zip64=True)
    with entry, cursor.copy(query) as copied:
        for block in copied:
            entry.write(block)
            if pipe.size > CHUNK:
                yield pipe.take()
