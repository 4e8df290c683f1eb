"""The emulator's speed: calls a second, and rows loaded and pushed beside a raw COPY."""

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import requests
from psycopg import sql

import emulator
from bench.harness import Ratio
from demo import postgres

CALLS = 1_000
LOADED, PUSHED = 20_000, 5_000
SCHEMA = "sf_bench_1"
HEADERS = {"Authorization": "Bearer x", "Accept": "application/vnd.heroku+json; version=3"}
FIELDS = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted", "Name", "Phone")
CONFIG = {
    "access": "read_write",
    "sf_polling_seconds": 600,
    "fields": {name: {} for name in FIELDS},
    "indexes": {"Id": {"unique": True}, "SystemModstamp": {"unique": False}},
}


def run() -> list[Ratio]:
    """Measure one emulator on a throw-away Postgres."""
    url = postgres.start_for_tests()
    behaviour = {**emulator.INSTANT, "rate_limit": 10 * CALLS}
    options = emulator.Options(database_url=url, app="bench", behaviour=behaviour)
    with emulator.serve(options) as running, psycopg.connect(url, autocommit=True) as conn:
        return [_calls(running), *_rows(running, conn)]


def _calls(running: emulator.Running) -> Ratio:
    """Compare a call of the Platform API with one of the standard library's server."""
    with _plain_server() as address:
        plain = _seconds_of_calls(address)
    ours = _seconds_of_calls(f"{running.url}/heroku/account")
    detail = f"{CALLS / ours:,.0f} calls a second, plain {CALLS / plain:,.0f}"
    return Ratio("a call / one of http.server", ours / plain, 5, detail)


def _seconds_of_calls(address: str) -> float:
    with requests.Session() as session:
        session.headers.update(HEADERS)
        session.get(address, timeout=10).raise_for_status()
        began = time.perf_counter()
        for _ in range(CALLS):
            session.get(address, timeout=10)
        return time.perf_counter() - began


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


def _rows(running: emulator.Running, conn: psycopg.Connection[Any]) -> list[Ratio]:
    """Compare a load and a push with a COPY of as many rows into a table like the mapped one."""
    records = {"Account": [{"Name": f"Account {n}", "Phone": f"+49 {n}"} for n in range(LOADED)]}
    org = running.control("POST", "orgs", {"name": "Bench", "records": records})["id"]
    mapping = {"object_name": "Account", "config": CONFIG}
    began = time.perf_counter()
    wanted = {"org_id": org, "schema_name": SCHEMA, "mappings": [mapping]}
    wanted["plan"] = "herokuconnect:enterprise"
    running.control("POST", "connections", wanted)
    loading = time.perf_counter() - began
    copied = _seconds_of_copy(conn, LOADED)
    insert = sql.SQL("INSERT INTO {}.account (name) SELECT 'n' || g FROM generate_series(1, %s) g")
    conn.execute(insert.format(sql.Identifier(SCHEMA)), [PUSHED])
    began = time.perf_counter()
    running.sync()
    pushing = time.perf_counter() - began
    few = _seconds_of_copy(conn, PUSHED)
    return [
        Ratio("loading rows / raw COPY", loading / copied, 30, _speed(LOADED, loading, copied)),
        Ratio("pushing rows / raw COPY", pushing / few, 200, _speed(PUSHED, pushing, few)),
    ]


def _seconds_of_copy(conn: psycopg.Connection[Any], rows: int) -> float:
    """Copy rows into a table with the columns and indexes of the mapped one, without triggers."""
    table = sql.Identifier(SCHEMA, "plain")
    account = sql.Identifier(SCHEMA, "account")
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    conn.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(table, account))
    began = time.perf_counter()
    copy = sql.SQL("COPY {} (sfid, name, phone) FROM STDIN").format(table)
    with conn.cursor() as cursor, cursor.copy(copy) as target:
        for number in range(rows):
            target.write_row((f"001{number:015d}", f"Account {number}", f"+49 {number}"))
    return time.perf_counter() - began


def _speed(rows: int, ours: float, plain: float) -> str:
    return f"{rows / ours:,.0f} rows a second, COPY {rows / plain:,.0f}"
