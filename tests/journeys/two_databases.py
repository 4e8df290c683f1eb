"""Tenants' databases beside the portal's own, and an emulator that attaches them to host apps."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings as portal_settings
from django.db import connections
from psycopg import sql

import emulator as emulated

SECOND = "tenants_second"  # as TENANTS_SECOND_URL would be called


def url_of(alias: str) -> str:
    """Return the address of a database of Django's."""
    name = str(connections[alias].settings_dict["NAME"])
    return _url(name)


def _url(name: str) -> str:
    return urlsplit(str(portal_settings.DATABASE_URL))._replace(path=f"/{name}").geturl()


@contextmanager
def databases() -> Iterator[str]:
    """Make the second database, known to Django, and one for the emulator; yield its address."""
    own = str(connections["default"].settings_dict["NAME"])
    second, of_emulator = f"{own}_second", f"{own}_emulator"
    for name in (second, of_emulator):
        run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    connections.settings[SECOND] = {**connections.settings["default"], "NAME": second}
    try:
        yield _url(of_emulator)
    finally:
        connections[SECOND].close()
        del connections[SECOND]
        del connections.settings[SECOND]
        for name in (second, of_emulator):
            run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(statement: sql.Composed) -> None:
    """Run a statement of the server itself."""
    with psycopg.connect(_url("postgres"), autocommit=True) as server:
        server.execute(statement)


def options(database_url: str) -> emulated.Options:
    """Return an emulator whose apps can attach both databases; its own state is in a third."""
    return emulated.Options(
        database_url=database_url,
        databases={"postgresql-one": url_of("default"), "postgresql-two": url_of(SECOND)},
        app=portal_settings.APP_NAME,
        callback=f"{portal_settings.PORTAL_URL}/auth/salesforce/callback",
        client_id=portal_settings.SALESFORCE_KEY,
        client_secret=portal_settings.SALESFORCE_SECRET,
        behaviour=emulated.INSTANT,
    )


@contextmanager
def second_is_away() -> Iterator[None]:
    """Let nobody connect to the second database, and end its sessions."""
    name = str(connections.settings[SECOND]["NAME"])
    _allow(name, "false")
    end = sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}")
    run(end.format(sql.Literal(name)))
    try:
        yield
    finally:
        _allow(name, "true")


def _allow(name: str, whether: Any) -> None:
    statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    run(statement.format(sql.Identifier(name), sql.SQL(whether)))
