"""The emulator's speed: calls a second, and rows loaded and pushed beside a raw COPY."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
import requests
from psycopg import sql

import emulator
from bench import harness
from bench.ratios import Ratio, of_pairs
from demo import postgres

CALLS = 300
LOADED, PUSHED = 20_000, 5_000
PATIENCE = 600.0  # seconds, on a busy machine
SCHEMA = "sf_bench_{}"
HEADERS = {"Authorization": "Bearer x", "Accept": "application/vnd.heroku+json; version=3"}
FIELDS = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted", "Name", "Phone")
CONFIG = {
    "access": "read_write",
    "sf_polling_seconds": 600,
    "fields": {name: {} for name in FIELDS},
    "indexes": {"Id": {"unique": True}, "SystemModstamp": {"unique": False}},
}


def run() -> Iterator[Ratio]:
    """Measure one emulator on a database of its own."""
    url = postgres.start_for_tests()
    behaviour = {**emulator.INSTANT, "rate_limit": 100 * CALLS}
    options = emulator.Options(database_url=url, app="bench", behaviour=behaviour)
    with emulator.serve(options) as running, psycopg.connect(url, autocommit=True) as conn:
        yield _calls(running)
        yield from _rows(running, conn)


def _calls(running: emulator.Running) -> Ratio:
    """Compare a call of the Platform API with one of the standard library's server."""
    with _plain_server() as address:
        pairs = harness.in_turn(
            lambda: _seconds_of_calls(f"{running.url}/heroku/account"),
            lambda: _seconds_of_calls(address),
        )
    ours, _ = harness.medians(pairs)
    name = "time of a call of the emulator / of Python's http.server"
    return of_pairs(name, pairs, most=5, detail=f"{CALLS / ours:,.0f} calls a second")


def _seconds_of_calls(address: str) -> float:
    with requests.Session() as session:
        session.headers.update(HEADERS)
        session.get(address, timeout=10).raise_for_status()

        def call() -> None:
            for _ in range(CALLS):
                session.get(address, timeout=10)

        return harness.seconds(call)


@contextmanager
def _plain_server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Plain) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Plain(http.server.BaseHTTPRequestHandler):
    """Answers each GET with the same few bytes."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # or a small answer would wait for the client's acknowledgement

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _rows(running: emulator.Running, conn: psycopg.Connection[Any]) -> Iterator[Ratio]:
    """Compare a load and a push with a COPY of as many rows into a table like the mapped one."""
    records = {"Account": [{"Name": f"Account {n}", "Phone": f"+49 {n}"} for n in range(LOADED)]}
    org = running.control("POST", "orgs", {"name": "Bench", "records": records})["id"]
    numbers = count(1)
    schema = SCHEMA.format(next(numbers))
    _load(running, org, schema)
    pairs = harness.in_turn(
        lambda: harness.seconds(lambda: _load(running, org, SCHEMA.format(next(numbers)))),
        lambda: _seconds_of_copy(conn, schema, LOADED),
    )
    yield of_pairs("time to load rows in the emulator / to COPY them", pairs, most=2.5,
                   detail=_speed(LOADED, pairs))  # fmt: skip
    # Salesforce keeps the newest five authorizations of a user: the first ones have ended.
    schema = SCHEMA.format(next(numbers))
    _load(running, org, schema)
    pairs = harness.in_turn(
        lambda: _seconds_of_push(running, conn, schema),
        lambda: _seconds_of_copy(conn, schema, PUSHED),
        3,
    )
    yield of_pairs("time to push rows to the emulated org / to COPY them", pairs, most=200,
                   detail=_speed(PUSHED, pairs))  # fmt: skip


def _load(running: emulator.Running, org: str, schema: str) -> None:
    mapping = {"object_name": "Account", "config": CONFIG}
    wanted = {"org_id": org, "schema_name": schema, "mappings": [mapping]}
    wanted["plan"] = "herokuconnect:enterprise"
    running.control("POST", "connections", wanted)


def _seconds_of_push(
    running: emulator.Running, conn: psycopg.Connection[Any], schema: str
) -> float:
    name = sql.Identifier(schema)
    insert = sql.SQL("INSERT INTO {}.account (name) SELECT 'n' || g FROM generate_series(1, %s) g")
    conn.execute(insert.format(name), [PUSHED])
    waiting = sql.SQL("SELECT FROM {}.account WHERE sfid IS NULL LIMIT 1").format(name)

    def push() -> None:
        running.sync()
        # The emulator hears of the rows by itself, and may be pushing them already.
        harness.until(lambda: conn.execute(waiting).fetchone() is None, PATIENCE, "the push")

    return harness.seconds(push)


def _seconds_of_copy(conn: psycopg.Connection[Any], schema: str, rows: int) -> float:
    """Copy as many rows, ready made, into a table with the mapped one's columns and indexes."""
    table, account = sql.Identifier(schema, "plain"), sql.Identifier(schema, "account")
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    conn.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(table, account))
    columns = "sfid, createddate, systemmodstamp, isdeleted, name, phone"
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(table, sql.SQL(columns))
    values = [
        (f"001{n:015d}", "2026-01-05T12:00:00", "2026-01-05T12:00:00", False, f"Account {n}", "+49")
        for n in range(rows)
    ]

    def write() -> None:
        with conn.cursor() as cursor, cursor.copy(copy) as target:
            for each in values:
                target.write_row(each)

    return harness.seconds(write)


def _speed(rows: int, pairs: list[harness.Pair]) -> str:
    ours, copy = harness.medians(pairs)
    return f"{rows / ours:,.0f} rows a second, COPY {rows / copy:,.0f}"
