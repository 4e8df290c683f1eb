"""Databases of their own for tests, on the server of the test run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


@contextmanager
def scratch(name: str, like: str = "") -> Iterator[str]:
    """Make a database for this process, yield its URL, and drop it afterwards.

    It is empty, or a copy of the one that is named.
    """
    url, name = os.environ["DATABASE_URL"], f"{name}_{os.getpid()}"
    database = sql.Identifier(name)
    with psycopg.connect(url, autocommit=True) as server:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(statement.format(database, sql.Identifier(like or "template1")))
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
