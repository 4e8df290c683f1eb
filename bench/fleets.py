"""Two databases of the portal in one process, so that a page is measured in them in turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.core.cache import cache
from django.db import connection
from psycopg import sql

FEW = "fleet_few"


def copy_database(name: str) -> None:
    """Make a second database, a copy of the one in use."""
    own = str(connection.settings_dict["NAME"])
    parameters = {**connection.get_connection_params(), "dbname": "postgres"}
    connection.close()  # nobody may use the one that is copied
    for option in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(option, None)
    with psycopg.connect(**parameters, autocommit=True) as server:
        names = sql.Identifier(name), sql.Identifier(own)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))


class Databases:
    """The sessions of both databases, which both stay open."""

    def __init__(self, few: str) -> None:
        self.names = {"few": few, "many": str(connection.settings_dict["NAME"])}
        self._sessions: dict[str, Any] = {}

    @contextmanager
    def using(self, which: str) -> Iterator[None]:
        """Let the whole portal use one of them in this block."""
        connection.connection = self._sessions.pop(which, None)
        connection.settings_dict["NAME"] = self.names[which]
        cache.clear()  # what is kept in memory is the other fleet's
        try:
            yield
        finally:
            self._sessions[which], connection.connection = connection.connection, None
