"""Databases of their own for tests, on the server of the test run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg import sql


@contextmanager
def scratch(name: str) -> Iterator[str]:
    """Make a database for this process, yield its URL, and drop it afterwards."""
    url, name = os.environ["DATABASE_URL"], f"{name}_{os.getpid()}"
    database = sql.Identifier(name)
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(database))
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
