"""Listens to the trigger logs of the tenants: Connect pings a Postgres channel at each write."""

from typing import Any

import psycopg
from psycopg import sql

from emulator.connect.engine.due import is_hollow
from emulator.state.entities import Connection
from emulator.state.world import World

CHANNEL_SUFFIX = ".hc_trigger_log"
CONNECT_TIMEOUT = 5  # seconds


class Listener:
    """One listening session for each database; a ping marks the connection as having news."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions: dict[str, psycopg.Connection[Any]] = {}
        self._channels: set[tuple[str, str]] = set()  # database URL and schema

    def listen(self) -> None:
        """Take the pings since the last call, and start to listen to new schemas."""
        with_schema = [
            each
            for each in self._world.all(Connection)
            if each.schema_name and not is_hollow(self._world, each)
        ]
        for connection in with_schema:
            self._follow(self._world.database_url(connection), str(connection.schema_name))
        pinged = self._pings()
        for connection in with_schema:
            if connection.schema_name in pinged:
                connection.pinged = True

    def close(self) -> None:
        """Stop listening."""
        for conn in self._sessions.values():
            conn.close()
        self._sessions.clear()
        self._channels.clear()

    def _follow(self, url: str, schema: str) -> None:
        if (url, schema) in self._channels:
            return
        try:
            if url not in self._sessions:
                # Postgres sends no notification to a session that is inside a transaction.
                self._sessions[url] = psycopg.connect(
                    url, autocommit=True, connect_timeout=CONNECT_TIMEOUT
                )
            channel = sql.Identifier(schema + CHANNEL_SUFFIX)
            self._sessions[url].execute(sql.SQL("LISTEN {}").format(channel))
            self._channels.add((url, schema))
        except psycopg.Error:
            self._lose(url)

    def _pings(self) -> set[str]:
        pinged: set[str] = set()
        for url, conn in list(self._sessions.items()):
            try:
                # Zero takes what has arrived: the tick must not wait here.
                for ping in conn.notifies(timeout=0):
                    pinged.add(ping.channel.removesuffix(CHANNEL_SUFFIX))
            except psycopg.Error:
                self._lose(url)
        return pinged

    def _lose(self, url: str) -> None:
        """Forget a broken database; the next round tries again."""
        conn = self._sessions.pop(url, None)
        if conn is not None:
            conn.close()
        self._channels = {each for each in self._channels if each[0] != url}
