"""Databases of their own for tests, on the server of the test run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

# What migrating fills, and no test changes.
_KEPT = {"django_migrations", "django_content_type", "auth_permission"}
_FILLED = "SELECT '{0}' WHERE EXISTS (SELECT FROM \"{0}\")"


def url_of(database: str) -> str:
    """Return the address of a database on that server."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


def server() -> psycopg.Connection:
    """Connect to the server: to a database that nobody copies or drops."""
    return psycopg.connect(url_of("postgres"), autocommit=True)


@contextmanager
def scratch(name: str, like: str = "") -> Iterator[str]:
    """Make a database for this process, yield its URL, and drop it afterwards.

    It is empty, or a copy of the one that is named.
    """
    name = f"{name}_{os.getpid()}"
    database = sql.Identifier(name)
    with server() as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(database, sql.Identifier(like or "template1")))
        try:
            yield url_of(name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))


def empty(connection: BaseDatabaseWrapper) -> None:
    """Empty the tables that hold rows; Django would empty all, and fill some of them again."""
    with connection.cursor() as cursor:
        tables = sorted(set(connection.introspection.table_names(cursor)) - _KEPT)
        if not tables:
            return
        cursor.execute(" UNION ALL ".join(_FILLED.format(table) for table in tables))
        filled = [sql.Identifier(table) for (table,) in cursor.fetchall()]
        if filled:
            cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(filled)))
