"""How long web and worker wait for the database."""

import ast
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from portal.project import databases
from portal.project.databases import Limits

PRODUCTION = "https://portal.isv.example"
ASK = """
from django.db import connection
with connection.cursor() as cursor:
    for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        cursor.execute(f"SELECT setting FROM pg_settings WHERE name = '{name}'")
        print(cursor.fetchone()[0])
"""
WEB = "import portal.wsgi\n"
WORKER = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.project.settings"
django.setup()
from portal.project import databases
databases.limit(databases.WORKER)
"""


def _limits(start: str, more: str = "") -> list[int]:
    """Start as the process does, and ask Postgres for its limits, in milliseconds."""
    answer = subprocess.run(
        [sys.executable, "-c", start + ASK],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": settings.DATABASE_URL + more},
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in answer.stdout.splitlines()[-3:]]


def _milliseconds(limits: Limits) -> list[int]:
    return [span // timedelta(milliseconds=1) for span in limits.values()]


@pytest.mark.parametrize(
    ("start", "limits"), [(WEB, databases.WEB), (WORKER, databases.WORKER)], ids=["web", "worker"]
)
def test_postgres_ends_what_takes_longer_than_a_process_may_wait(
    start: str, limits: Limits
) -> None:
    assert _limits(start) == _milliseconds(limits)


def test_what_the_address_of_the_database_says_wins() -> None:
    own = "?options=-c%20statement_timeout%3D1234"
    assert _limits(WEB, own)[1] == 1234


def test_a_task_is_stopped_when_its_query_is() -> None:
    assert timedelta(seconds=settings.TASK_TIMEOUT) == databases.TASK


def test_a_database_that_has_gone_is_noticed() -> None:
    assert connection.settings_dict["OPTIONS"].items() >= settings.REACH.items()


@pytest.mark.parametrize(
    ("portal", "address", "mode"),
    [
        (PRODUCTION, "postgres://u:p@db.example/x", "require"),
        (PRODUCTION, "postgres://u:p@db.example/x?sslmode=verify-full", "verify-full"),
        (PRODUCTION, "postgres://u:p@db.example/x?sslmode=disable", "disable"),
        (PRODUCTION, "postgres://u:p@127.0.0.1/x", None),
        (PRODUCTION, "postgres:///x", None),
        ("http://127.0.0.1:5000", "postgres://u:p@db.example/x", None),
    ],
)
def test_a_database_on_another_machine_is_reached_in_clear_only_if_its_address_says_so(
    portal: str, address: str, mode: str | None
) -> None:
    script = "from portal.project import settings as s; print(s.DATABASES['default']['OPTIONS'])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address, "PORTAL_URL": portal},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ast.literal_eval(done.stdout).get("sslmode") == mode
