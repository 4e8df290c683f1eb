"""The cost of health for a whole fleet: calls, statements, time, memory, and write errors."""

import os
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median

import requests
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg import sql

from bench import enrolled, harness, health_fleet
from bench.harness import Pair
from bench.ratios import Ratio, count, exponent, of_pairs
from connect.health import regions
from connect.models import Connection, HostApp, WriteError
from connect.write_errors import scan
from connect.write_errors.cause import CAUSE

SIZES = (100, 1_000, 10_000)
HOSTS = 4
BROKEN = 0.02
SAMPLE = 200  # calls that are made to know what one costs
SCHEMAS = (10, 100, 1_000)
ROWS, KINDS = 50, 12  # failed writes in each schema, and their causes
_FILL = sql.SQL("""
    CREATE SCHEMA IF NOT EXISTS {schema};
    CREATE TABLE {schema}._hcmeta (id int);
    CREATE TABLE {schema}._trigger_log (
        id serial PRIMARY KEY, created_at timestamptz DEFAULT now(), state varchar(8),
        action varchar(7), table_name varchar(128), record_id int, sfid varchar(18),
        old text, "values" text, sf_message text
    );
    CREATE TABLE {schema}._trigger_log_archive (LIKE {schema}._trigger_log);
    INSERT INTO {schema}._trigger_log (state, action, table_name, record_id, sf_message)
    SELECT 'FAILED', 'INSERT', 'account', n, 'CODE_' || chr(65 + n % {kinds})
        || ': record 0015g0000' || lpad(n::text, 6, '0') || 'AAA has a bad value "' || n || '"'
    FROM generate_series(1, {rows}) AS n;
    CREATE INDEX ON {schema}._trigger_log (state, id);
""")

_COUNT = sql.SQL("SELECT count(*) FROM {schema}._trigger_log WHERE state = 'FAILED'")
_CAUSES = sql.SQL("""
    SELECT table_name, {cause}, count(*), min(created_at), max(created_at)
    FROM {schema}._trigger_log WHERE state = 'FAILED' GROUP BY 1, 2
""")


@dataclass(frozen=True)
class Fleet:
    """What refreshes of a fleet took: remote calls of one, statements of the first, deep one,
    peak of Python's memory in bytes, the least of Python's processor time in seconds, and pairs of
    a refresh and a detail call for each one.
    """

    calls: int
    deep: int
    peak: int
    processor: float
    pairs: list[Pair]


def run() -> Iterator[Ratio]:
    """Refresh small and large fleets, then read the write errors of few and of many schemas."""
    reverse("admin:index")  # an alert's address loads all pages, which no fleet's memory is
    fleets = {size: _measured(size) for size in SIZES}
    for size, fleet in fleets.items():
        yield from _costs(f"{size:,} connections", fleet, 1 + size * BROKEN)
    yield from _costs(
        f"1,000 connections on {HOSTS} host apps", _measured(1_000, HOSTS), HOSTS + 1_000 * BROKEN
    )
    deep = fleets[1_000].deep
    yield count("statements of a deep refresh of 1,000 connections / 60", deep / 60, most=1,
                detail=f"{deep} statements")  # fmt: skip
    yield from _growth(fleets)
    for schemas in SCHEMAS:
        yield from _write_errors(schemas)
    yield _write_error_page()


def _growth(fleets: dict[int, Fleet]) -> Iterator[Ratio]:
    """Compare the largest fleet with the smallest that has more than one page."""
    sizes = (SIZES[1], SIZES[-1])
    small, large = (fleets[size] for size in sizes)
    times = sizes[1] / sizes[0]
    span = f"a refresh, {sizes[0]:,} to {sizes[1]:,} connections"
    lists = [fleet.calls - size * BROKEN for fleet, size in ((small, sizes[0]), (large, sizes[1]))]
    for what, before, after, most in (
        ("the calls, but those for broken ones,", lists[0], lists[1], 0),
        ("the calls", small.calls, large.calls, 1),
        # Not the time: those of the two fleets were not measured in turn.
        ("Python's processor time", small.processor, large.processor, 1.1),
        ("the peak of memory", small.peak, large.peak, 0.1),
    ):
        yield exponent(f"{what} of {span}", before, after, times, most=most)


def _costs(of: str, fleet: Fleet, least: float) -> Iterator[Ratio]:
    name = f"calls of a refresh of {of}, 2 % broken / (lists + broken)"
    yield count(name, fleet.calls / least, most=1.1, detail=f"{fleet.calls} calls")
    ours, other = harness.medians(fleet.pairs)
    detail = f"{ours:.2f} s, {other:.1f} s"
    name = f"time of a refresh of {of} / of a detail call for each, as the CLI makes them"
    yield of_pairs(name, fleet.pairs, most=1, detail=detail)


def _measured(size: int, hosts: int = 1) -> Fleet:
    spent = list[float]()
    url, app = os.environ["DATABASE_URL"], os.environ["APP_NAME"]
    apps = enrolled.host_apps(hosts)
    names = ["", *(each.name for each in apps[1:])]
    with health_fleet.served(url, app, size, 2, names) as address:
        region = f"{address}/region"
        enrolled.live(size, region, apps)
        with override_settings(HEROKU_CONNECT_URL=f"{address}/central"):
            with CaptureQueriesContext(database) as queries:
                _refresh(region, apps)
            calls = _calls(address, region, apps, size)
            peak = _peak(region, apps)
            pairs = harness.in_turn(
                lambda: harness.seconds(lambda: spent.append(_processor(region, apps))),
                lambda: _one_by_one(region, size),
                3 if size > SAMPLE * 5 else 5,
            )
    enrolled.remove()
    return Fleet(calls, len(queries), peak, min(spent), pairs)


def _refresh(region: str, apps: list[HostApp]) -> int:
    return sum(regions.refresh_region(region, app.pk) for app in apps)


def _processor(region: str, apps: list[HostApp]) -> float:
    began = time.process_time()
    _refresh(region, apps)
    return time.process_time() - began


def _calls(address: str, region: str, apps: list[HostApp], size: int) -> int:
    requests.delete(f"{address}/control/calls", timeout=10)
    seen = _refresh(region, apps)
    harness.claim(seen == size, f"{seen} of {size} connections were seen")
    return int(requests.get(f"{address}/control/calls?system=region", timeout=10).json()["count"])


def _peak(region: str, apps: list[HostApp]) -> int:
    tracemalloc.start()
    _refresh(region, apps)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def _one_by_one(region: str, size: int) -> float:
    """Return the seconds of a detail call for each connection; some are made, and multiplied."""
    sample = min(size, SAMPLE)

    def ask() -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {os.environ['HEROKU_API_TOKEN']}"
            for number in range(0, size, size // sample):
                address = f"{region}/api/v3/connections/{health_fleet.name(number)}?deep=true"
                session.get(address, timeout=30).raise_for_status()

    return harness.seconds(ask) * size / sample


# --- write errors --------------------------------------------------------------------------------


def _write_errors(schemas: int) -> Iterator[Ratio]:
    """Compare the pass over all schemas with a query in each: a count, and the causes."""
    enrolled.live(schemas, "http://127.0.0.1/region", enrolled.host_apps(1))
    names = list(Connection.objects.values_list("schema_name", flat=True))
    with database.cursor() as cursor:
        for name in names:
            values = {"schema": sql.Identifier(name), "rows": ROWS, "kinds": KINDS}
            cursor.execute(_FILL.format(**values))
    scan.scan_all()
    for query, asked, most in ((_COUNT, "count", 12), (_CAUSES, "query by cause", 4)):
        pairs = harness.in_turn(
            lambda: harness.seconds(scan.scan_all),
            partial(harness.seconds, partial(_ask_each, query, names)),
            5,
        )
        ours, other = harness.medians(pairs)
        name = (
            f"time of the pass for failed writes over {schemas:,} schemas / of one {asked} in each"
        )
        yield of_pairs(name, pairs, most=most, detail=f"{ours:.2f} s, {other:.2f} s")
    found = WriteError.objects.order_by().values("cause").distinct().count()
    harness.claim(found == KINDS, f"{found} of {KINDS} causes were found")
    if schemas != SCHEMAS[-1]:
        _forget(names)


def _ask_each(query: sql.SQL, names: list[str]) -> None:
    with database.cursor() as cursor:
        for name in names:
            cursor.execute(query.format(schema=sql.Identifier(name), cause=CAUSE))
            cursor.fetchall()


def _forget(names: list[str]) -> None:
    with database.cursor() as cursor:
        for name in names:
            cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
    enrolled.remove()


def _write_error_page() -> Ratio:
    """Compare the page of failed writes with the pass that has found them."""
    User.objects.create_superuser("bench")
    client = Client()
    client.force_login(User.objects.get())
    address = "/admin/connect/writeerror/"

    def show() -> None:
        status = client.get(address).status_code
        harness.claim(status == 200, f"the page answered {status}")

    pairs = harness.in_turn(
        lambda: harness.seconds(show), lambda: harness.seconds(scan.scan_all), 5
    )
    detail = f"{median(each.ours for each in pairs) * 1000:.0f} ms for {ROWS * SCHEMAS[-1]:,}"
    name = f"time of the page of failed writes / of the pass over {SCHEMAS[-1]:,} schemas"
    return of_pairs(name, pairs, most=0.5, detail=detail)
