"""What the database says, also while it is killed: each question has a connection of its own."""

import time
from typing import Any, LiteralString

import psycopg
from psycopg import sql

Query = LiteralString | sql.Composed
PATIENCE = 60.0  # seconds


def rows(database_url: str, query: Query, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query, asked again while Postgres starts again."""
    stop_at = time.monotonic() + PATIENCE
    while True:
        try:
            with psycopg.connect(database_url, autocommit=True) as connection:
                return connection.execute(query, values or None).fetchall()
        except psycopg.OperationalError:
            if time.monotonic() > stop_at:
                raise
            time.sleep(0.2)


def number(database_url: str, query: Query, *values: Any) -> int:
    """Return the one number that a query gives."""
    return int(rows(database_url, query, *values)[0][0])
