"""One migrated database for a whole test run: each process of the run gets a copy of it.

All migrations take about twenty seconds, a copy takes less than one. `python -m tests.template`
makes it, while the processes collect their tests.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import django
import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

NAME = "multiconnect_template"
MADE_BY_THIS_RUN = "PYTEST_TEMPLATE"  # in the environment: the run's processes wait for it
PATIENCE = 300.0  # seconds


def begin() -> Callable[[], None]:
    """Begin to make the database; return what ends that and removes it."""
    _remove()
    os.environ[MADE_BY_THIS_RUN] = NAME
    making = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.template"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.project.settings"},
    )

    def end() -> None:
        making.kill()
        making.wait()
        _remove()

    return end


def name() -> str:
    """Return the name of the migrated database once it is made; "" in a run that makes none."""
    wanted = os.environ.get(MADE_BY_THIS_RUN, "")
    end = time.monotonic() + PATIENCE
    while wanted and not _is_made():
        assert time.monotonic() < end, "The migrated database of this run was never made."
        time.sleep(0.1)
    return wanted


def _is_made() -> bool:
    with _server() as server:
        query = "SELECT datistemplate FROM pg_database WHERE datname = %s"
        return server.execute(query, [NAME]).fetchone() == (True,)


def _make() -> None:
    with _server() as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    os.environ["DATABASE_URL"] = _url(NAME)
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    connections.close_all()
    _mark(is_template=True)


def _remove() -> None:
    with _server() as server:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if server.execute(query, [NAME]).fetchone():
            _mark(is_template=False)
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME))
            server.execute(drop)


def _mark(*, is_template: bool) -> None:
    with _server() as server:
        mark = sql.SQL("ALTER DATABASE {} IS_TEMPLATE {}")
        server.execute(mark.format(sql.Identifier(NAME), sql.Literal(is_template)))


def _server() -> psycopg.Connection:
    # A database that is not copied: nobody may be connected to the one that is.
    return psycopg.connect(_url("postgres"), autocommit=True)


def _url(database: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


if __name__ == "__main__":
    _make()
