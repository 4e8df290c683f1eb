"""The databases that hold the tenants' schemas: the portal's own, and those of other servers.

Each host app names its one. A name is a key of settings.DATABASES: TENANTS_EU_URL is called
tenants_eu, DATABASE_URL default. No statement ever joins across two of them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import (
    DEFAULT_DB_ALIAS,
    Error,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connections,
    transaction,
)
from django.db.backends.utils import CursorWrapper
from django.utils.connection import ConnectionDoesNotExist

from connect.models import Connection

T = TypeVar("T")

# Postgres' classes of errors: no connection, too few resources, shut down.
SERVER_ERRORS = ("08", "53", "57P")
# Django calls these internal errors: the server is read-only for a moment, or has ended a
# transaction in which we stood still.
_PASSING = ("25006", "25P03", "25P04")
# A server that restarts is back within seconds.
BACK_SECONDS, AGAIN_SECONDS = 10.0, 0.5
GONE_FROM_SETTINGS = "{} is not set: heroku addons:attach <the database> --as {}"


class DatabaseAway(OperationalError):
    """A tenants' database does not answer, or its address is missing. The text is for staff."""

    def __init__(self, alias: str, text: str) -> None:
        super().__init__(f"The tenants' database {alias} does not answer: {text}")
        self.alias = alias


def names() -> list[str]:
    """Return the databases that host apps can name, the portal's own first."""
    return sorted(connections, key=lambda alias: (alias != DEFAULT_DB_ALIAS, alias))


def alias_of(connection: Connection) -> str:
    """Return the database of a connection's schema; before it is placed, the portal's own."""
    return connection.host_app.database if connection.host_app else DEFAULT_DB_ALIAS


def scope_of(alias: str) -> str:
    """Return what an incident about a database is filed under: "" for the portal's own."""
    return "" if alias == DEFAULT_DB_ALIAS else alias


def problem(alias: str) -> str:
    """Ask a database for nothing; return why it does not answer, "" if it does."""
    try:
        with cursor_of(alias) as cursor:
            cursor.execute("SELECT 1")
    except DatabaseAway as away:
        return str(away)
    return ""


@contextmanager
def cursor_of(alias: str) -> Iterator[CursorWrapper]:
    """Open a transaction in a tenants' database. Raises DatabaseAway, and django.db.Error."""
    with reaching(alias), transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        yield cursor


class EachOnce:
    """The databases that a run over many tenants has found away.

    Each of them is waited for once: the time-outs of its tenants would take the time of the others.
    """

    def __init__(self) -> None:
        self._away: dict[str, DatabaseAway] = {}

    @contextmanager
    def reaching(self, alias: str) -> Iterator[None]:
        """Raise DatabaseAway at once for a database that was away before in this run."""
        if alias in self._away:
            raise self._away[alias].with_traceback(None)
        try:
            yield
        except DatabaseAway as away:
            self._away[alias] = away
            raise


@contextmanager
def reaching(alias: str) -> Iterator[None]:
    """Turn the errors of a server that is away into DatabaseAway; others pass unchanged."""
    try:
        yield
    except ConnectionDoesNotExist as error:
        variable = f"{alias}_URL".upper()
        text = GONE_FROM_SETTINGS.format(variable, alias.upper())
        raise DatabaseAway(alias, text) from error
    except (OperationalError, InterfaceError) as error:
        if alias == DEFAULT_DB_ALIAS or not _is_away(error):
            raise
        raise DatabaseAway(alias, _first_line(error)) from error


def ask_again(ask: Callable[[], T]) -> T:
    """Return what `ask` returns; call it again if the database failed for a moment."""
    try:
        return ask()
    except Error as error:
        if not passing_failure(error):
            raise
    reconnect()
    return ask()


def reconnect() -> None:
    """Leave a broken session with the portal's database; wait a little while the server starts.

    Without it, what came out of minutes of work could not be stored. Raises OperationalError.
    """
    portal, stop_at = connections[DEFAULT_DB_ALIAS], time.monotonic() + BACK_SECONDS
    while not portal.in_atomic_block:  # which has to end first
        close_old_connections()
        try:
            portal.ensure_connection()
        except OperationalError:
            if time.monotonic() > stop_at:
                raise
            time.sleep(AGAIN_SECONDS)
        else:
            return


def passing_failure(error: Exception) -> str:
    """Return, as a sentence, what went wrong in a database only for the moment; "" for a bug.

    The server restarts, a lock is not free in time, two transactions wait for each other: what was
    rolled back can be done again.
    """
    if isinstance(error, DatabaseAway):
        return f"{error}."
    if isinstance(error, OperationalError | InterfaceError) or _state(error) in _PASSING:
        return f"The portal's database failed for a moment: {_first_line(error)}."
    return ""


def _is_away(error: Exception) -> bool:
    """Return whether the server is to blame, and not a statement: a time-out or lock of it
    does not count."""
    state = _state(error)
    return state is None or state.startswith(SERVER_ERRORS)


def _state(error: Exception) -> str | None:
    """Return Postgres' code of an error that Django has raised again; None if it has none."""
    return getattr(error.__cause__, "sqlstate", None)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
