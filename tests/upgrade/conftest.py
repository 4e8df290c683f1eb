"""A database of an older version, upgraded as a release does it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql
from pytest_django import DjangoDbBlocker

BEFORE = Path(__file__).parent / "before.sql"
NAME = "upgraded"


def url(database: str) -> str:
    """Return the address of a database on the test run's server."""
    at = connection.settings_dict
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{database}"


def _manage(command: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", command, *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url(_name())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _name() -> str:
    # Each process of the test run has one of its own.
    return f"{NAME}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


def _counts() -> dict[str, int]:
    with psycopg.connect(url(_name())) as database:
        tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {table: _count(database, table) for (table,) in tables.fetchall()}


def _count(database: psycopg.Connection, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table))
    found = database.execute(query).fetchone()
    assert found
    return int(found[0])


@pytest.fixture(scope="module")
def rows_before(django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, int]]:
    """How many rows each table had; Django's connection is to the upgraded database from now on."""
    name, at = sql.Identifier(_name()), connection.settings_dict
    own = at["NAME"]
    with psycopg.connect(url("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
    with psycopg.connect(url(_name())) as database:
        database.execute(BEFORE.read_bytes())
    counts = _counts()
    _manage("migrate", "--no-input", "--verbosity=0")
    _manage("setup_portal")
    with django_db_blocker.unblock():
        connection.close()
        at["NAME"] = _name()
        yield counts
        connection.close()
        at["NAME"] = own
    with psycopg.connect(url("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture(scope="module")
def rows_after(rows_before: dict[str, int]) -> dict[str, int]:
    """How many rows each table has after the upgrade."""
    return _counts()
