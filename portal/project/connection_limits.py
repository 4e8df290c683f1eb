"""Whether the database allows as many connections as the portal's processes need."""

import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from portal.project.checks import SETTINGS

THREADS = 5  # of a web process (gunicorn.conf.py); each may hold a connection
# The worker's main process, sentinel, pusher and monitor, beside those that run tasks.
WORKER_MANAGEMENT = 4
WEB_PROCESSES = 2  # what Heroku sets on its smaller dynos
NUMBER = "W075"

# A role of Heroku's Essential plans has a limit of its own; -1 is none.
_LIMIT = """
    SELECT CASE WHEN rolconnlimit >= 0 THEN rolconnlimit ELSE
        current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int END
    FROM pg_roles WHERE rolname = current_user
"""


def peak(web_processes: int, workers: int, worker_threads: int) -> int:
    """Return the most connections that one web and one worker dyno hold at a time."""
    return web_processes * THREADS + workers * worker_threads + WORKER_MANAGEMENT


@checks.register(checks.Tags.database)
def database_allows_enough(
    databases: Sequence[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """Warn where connections would be refused under load; `migrate` runs this at each release."""
    if "default" not in (databases or ()):
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(_LIMIT)
            [allowed] = cursor.fetchone() or (0,)
    except (DatabaseError, ImproperlyConfigured):
        return []  # a database that does not answer, or has no address, has its own error
    needed = peak(_web_processes(), settings.WORKERS, settings.WORKER_THREADS)
    if allowed >= needed:
        return []
    return [checks.Warning(_message(allowed, needed), id=f"{SETTINGS}.{NUMBER}")]


def _web_processes() -> int:
    given = os.environ.get("WEB_CONCURRENCY", "")
    return int(given) if given.isascii() and given.isdigit() else WEB_PROCESSES


def _message(allowed: int, needed: int) -> str:
    return (
        f"The database allows {allowed} connections, but one web and one worker dyno need up to "
        f"{needed}, and Heroku Connect some more: take a larger plan of Postgres, or set "
        "WEB_CONCURRENCY, WORKERS and WORKER_THREADS to less"
    )
