"""One migrated database for a whole test run: each process of the run gets a copy of it.

All migrations take about twenty seconds, a copy takes less than one. `python -m tests.template`
makes it, while the processes collect their tests.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import LiteralString
from urllib.parse import urlsplit

import django
import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from tests.databases import server, url_of

MADE_BY_THIS_RUN = "PYTEST_TEMPLATE"  # its name in the environment of the run's processes
PATIENCE = 300.0  # seconds


def begin() -> Callable[[], None]:
    """Begin to make the database; return what ends that and removes it."""
    # Other runs may use the same server, each with a database of its own.
    name = f"template_{urlsplit(os.environ['DATABASE_URL']).path.removeprefix('/')}"
    _remove(name)
    _run("CREATE DATABASE {}", name)
    os.environ[MADE_BY_THIS_RUN] = name
    making = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.template"],
        env={
            **os.environ,
            "DATABASE_URL": url_of(name),
            "DJANGO_SETTINGS_MODULE": "portal.project.settings",
        },
    )

    def end() -> None:
        making.kill()
        making.wait()
        _remove(name)

    return end


def name() -> str:
    """Return the name of the migrated database once it is made; "" in a run that makes none."""
    wanted = os.environ.get(MADE_BY_THIS_RUN, "")
    end = time.monotonic() + PATIENCE
    while wanted and not _is_made(wanted):
        assert time.monotonic() < end, f"The migrations took more than {PATIENCE:.0f} s."
        time.sleep(0.1)
    return wanted


def _make() -> None:
    name = os.environ[MADE_BY_THIS_RUN]
    try:
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
    except Exception:
        _remove(name)  # nobody is to wait for it
        raise
    connections.close_all()
    _run("ALTER DATABASE {} IS_TEMPLATE true", name)


def _is_made(name: str) -> bool:
    with server() as connection:
        query = "SELECT datistemplate FROM pg_database WHERE datname = %s"
        found = connection.execute(query, [name]).fetchone()
    assert found, "The migrations failed; the error is above."
    return bool(found[0])


def _remove(name: str) -> None:
    with suppress(psycopg.errors.InvalidCatalogName):  # it is gone
        _run("ALTER DATABASE {} IS_TEMPLATE false", name)
        _run("DROP DATABASE {} WITH (FORCE)", name)


def _run(statement: LiteralString, name: str) -> None:
    with server() as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


if __name__ == "__main__":
    _make()
