"""Hears the tenants' trigger logs: Connect's triggers ping a channel of Postgres at each write."""

from typing import Any

import psycopg
from psycopg import sql

from emulator.state.entities import Connection
from emulator.state.world import World

CHANNEL_ENDING = ".hc_trigger_log"


class Listener:
    """One listening connection for each database; pings mark the connection as having news."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: dict[str, psycopg.Connection[Any]] = {}
        self._heard: set[tuple[str, str]] = set()

    def listen(self) -> None:
        """Take in the pings since last time, and follow schemas that are new."""
        wanted = [each for each in self._world.all(Connection) if each.schema_name]
        for connection in wanted:
            self._follow(self._world.database_url(connection), str(connection.schema_name))
        pinged = self._pings()
        for connection in wanted:
            if connection.schema_name in pinged:
                connection.pinged = True

    def close(self) -> None:
        """Stop listening."""
        for conn in self._open.values():
            conn.close()
        self._open.clear()
        self._heard.clear()

    def _follow(self, url: str, schema: str) -> None:
        if (url, schema) in self._heard:
            return
        try:
            if url not in self._open:
                self._open[url] = psycopg.connect(url, autocommit=True, connect_timeout=5)
            channel = sql.Identifier(schema + CHANNEL_ENDING)
            self._open[url].execute(sql.SQL("LISTEN {}").format(channel))
            self._heard.add((url, schema))
        except psycopg.Error:
            self._lose(url)

    def _pings(self) -> set[str]:
        pinged: set[str] = set()
        for url, conn in list(self._open.items()):
            try:
                for notify in conn.notifies(timeout=0):
                    pinged.add(notify.channel.removesuffix(CHANNEL_ENDING))
            except psycopg.Error:
                self._lose(url)
        return pinged

    def _lose(self, url: str) -> None:
        """Forget a broken database; the next round tries again."""
        conn = self._open.pop(url, None)
        if conn is not None:
            conn.close()
        self._heard = {each for each in self._heard if each[0] != url}
