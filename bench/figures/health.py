"""The cost of health for a whole fleet: calls, statements, time, memory, and write errors."""

import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count as numbers
from typing import TypeVar

import requests
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg import sql

from bench import enrolled, fleets, harness, health_fleet, write_logs
from bench.harness import Pair
from bench.ratios import Ratio, count, exponent, of_pairs
from connect.health import regions
from connect.models import Connection, Health, HostApp, WriteError
from connect.write_errors import scan
from connect.write_errors.cause import CAUSE

Result = TypeVar("Result")

PERCENT_BROKEN = 2
SAMPLE = 200  # calls that are made to know what one costs
STEP = 7_919  # between two of them: a prime, so that as many of them are broken as of all
SCHEMAS = (10, 100, 1_000)
PAGE = "/admin/connect/writeerror/"
MANY_COUNTS = 200  # schemas that are counted at least, for a time that is long enough
_COUNT = sql.SQL("SELECT count(*) FROM {schema}._trigger_log WHERE state = 'FAILED'")
_CAUSES = sql.SQL("""
    SELECT table_name, {cause}, count(*), min(created_at), max(created_at)
    FROM {schema}._trigger_log WHERE state = 'FAILED' GROUP BY 1, 2
""")


@dataclass(frozen=True)
class Size:
    """So many connections, evenly on so many host apps; so many of each hundred are broken."""

    connections: int
    hosts: int = 1
    percent: int = PERCENT_BROKEN

    @property
    def broken(self) -> int:
        return self.connections * self.percent // 100

    @property
    def in_words(self) -> str:
        apps = "one host app" if self.hosts == 1 else f"{self.hosts} host apps"
        return f"{self.connections:,} connections on {apps}"


FEW, CROWDED = Size(100), Size(1_000)  # about 500 fit on one host app
SMALL, LARGE = Size(1_000, 2), Size(10_000, 20)
SIZES = (FEW, CROWDED, SMALL, LARGE)


@dataclass(frozen=True)
class Served:
    """A fleet that is served now."""

    size: Size
    address: str
    apps: list[HostApp]

    @property
    def region(self) -> str:
        return f"{self.address}/region"

    def refresh(self, *, deep: bool = False) -> None:
        """Refresh all connections."""
        if deep:
            Health.objects.update(deep_at=None)
        seen = sum(regions.refresh_region(self.region, app.pk) for app in self.apps)
        harness.claim(seen == self.size.connections, f"{seen} connections were seen")


@dataclass(frozen=True)
class Fleet:
    """What refreshes of a fleet took: remote calls of one, statements of the first, deep one,
    peak of Python's memory in bytes, the least of Python's processor time in seconds, and pairs of
    a refresh and a detail call for each one; the same of deep ones.
    """

    calls: int
    statements: int
    peak: int
    processor: float
    pairs: list[Pair]
    deep_pairs: list[Pair]


def run() -> Iterator[Ratio]:
    """Refresh small and large fleets, then read the write errors of few and of many schemas."""
    reverse("admin:index")  # an alert's address loads all pages, which no fleet's memory is
    found = dict[Size, Fleet]()
    for size in SIZES:
        found[size] = _served(size, _measured)
        yield from _costs(size, found[size])
    for percent in (0, PERCENT_BROKEN, 8):
        yield _calls_of_broken(Size(SMALL.connections, SMALL.hosts, percent))
    deep = found[CROWDED].statements
    name, detail = f"statements of a deep refresh of {CROWDED.in_words} / 60", f"{deep} statements"
    yield count(name, deep / 60, most=1, exact=True, detail=detail)
    yield from _growth(found)
    yield from _write_errors()


def _growth(found: dict[Size, Fleet]) -> Iterator[Ratio]:
    """Compare the largest fleet with one of a tenth, and what two sizes cost on one host app."""
    few, crowded, small, large = (found[size] for size in SIZES)
    lists = [few.calls - FEW.broken, crowded.calls - CROWDED.broken]
    span = "a refresh, 1,000 to 10,000 connections, 500 on each host app"
    for what, before, after, most in (
        ("the calls, but those for broken ones, of a refresh, 100 to 1,000 on one host app",
         lists[0], lists[1], 0),
        (f"the calls of {span}", small.calls, large.calls, 1),
        # Not the time: those of the two fleets were not measured in turn.
        (f"Python's processor time of {span}", small.processor, large.processor, 1.1),
        (f"the peak of memory of {span}", small.peak, large.peak, 0.1),
    ):  # fmt: skip
        yield exponent(what, before, after, 10, most=most)


def _costs(size: Size, fleet: Fleet) -> Iterator[Ratio]:
    yield count(
        f"calls of a refresh of {size.in_words}, 2 % broken / (lists + broken)",
        fleet.calls / (size.hosts + size.broken),
        most=1.1,
        exact=True,
        detail=f"{fleet.calls} calls",
    )
    for which, pairs in (("", fleet.pairs), ("deep ", fleet.deep_pairs)):
        if pairs:
            ours, other = harness.medians(pairs)
            yield of_pairs(
                f"time of a {which}refresh of {size.in_words} / of a {which}detail call for each",
                pairs,
                most=1,
                detail=f"{ours:.2f} s, {other:.2f} s",
            )


def _calls_of_broken(size: Size) -> Ratio:
    """Compare the calls beside the lists with the broken ones; without any, all with the lists."""
    calls = _served(size, _refreshed)
    words, detail = f"a refresh of {size.in_words}", f"{calls} calls, {size.broken} broken"
    if not size.broken:
        name = f"calls of {words}, none broken / lists"
        return count(name, calls / size.hosts, most=1, exact=True, detail=detail)
    name = f"calls of {words}, {size.percent} % broken, but the lists / broken"
    return count(name, (calls - size.hosts) / size.broken, most=1, exact=True, detail=detail)


# --- one fleet -----------------------------------------------------------------------------------


def _served(size: Size, look: Callable[[Served], Result]) -> Result:
    url, app = os.environ["DATABASE_URL"], os.environ["APP_NAME"]
    apps = enrolled.host_apps(size.hosts)
    names = ["", *(each.name for each in apps[1:])]
    with health_fleet.served(url, app, size.connections, size.percent, names) as address:
        served = Served(size, address, apps)
        enrolled.live(size.connections, served.region, apps)
        with override_settings(HEROKU_CONNECT_URL=f"{address}/central"):
            found = look(served)
    enrolled.remove()
    HostApp.objects.exclude(pk=apps[0].pk).delete()
    return found


def _measured(served: Served) -> Fleet:
    with CaptureQueriesContext(database) as queries:
        served.refresh()
    spent = list[float]()
    pairs = harness.in_turn(
        lambda: harness.seconds(lambda: spent.append(_processor(served))),
        lambda: _one_by_one(served, "false"),
        3 if served.size == LARGE else 5,
    )
    deep_pairs = list[Pair]()
    if served.size == SMALL:
        deep_pairs = harness.in_turn(
            lambda: harness.seconds(lambda: served.refresh(deep=True)),
            lambda: _one_by_one(served, "true"),
            5,
        )
    calls, peak = _calls(served, partial(_peak, served))
    return Fleet(calls, len(queries), peak, min(spent), pairs, deep_pairs)


def _refreshed(served: Served) -> int:
    served.refresh()  # the first one is deep, and calls for none of them alone
    return _calls(served, served.refresh)[0]


def _processor(served: Served) -> float:
    began = time.process_time()
    served.refresh()
    return time.process_time() - began


def _calls(served: Served, refresh: Callable[[], Result]) -> tuple[int, Result]:
    """Return the calls of a refresh, and what else it returns."""
    requests.delete(f"{served.address}/control/calls", timeout=10)
    found = refresh()
    made = requests.get(f"{served.address}/control/calls?system=region", timeout=10).json()
    return int(made["count"]), found


def _peak(served: Served) -> int:
    tracemalloc.start()
    served.refresh()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def _one_by_one(served: Served, deep: str) -> float:
    """Return the seconds of a detail call for each; some are made, spread, and multiplied.

    It is what the plugin of Heroku's command line does.
    """
    size = served.size.connections
    sample = [number * STEP % size for number in range(min(size, SAMPLE))]

    def ask() -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {os.environ['HEROKU_API_TOKEN']}"
            for number in sample:
                address = f"{served.region}/api/v3/connections/{health_fleet.name(number)}"
                session.get(address, params={"deep": deep}, timeout=30).raise_for_status()

    return harness.seconds(ask) * size / len(sample)


# --- write errors --------------------------------------------------------------------------------


def _write_errors() -> Iterator[Ratio]:
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    for schemas in SCHEMAS:
        names = _with_schemas(schemas)
        yield from _passes(names)
        if schemas == SCHEMAS[0]:
            fleets.copy_database(fleets.FEW)
        if schemas != SCHEMAS[-1]:
            write_logs.drop(names)
            enrolled.remove()
    yield _page(client)


def _with_schemas(wanted: int) -> list[str]:
    """Make live tenants with their schemas; return the names of these."""
    enrolled.live(wanted, "http://127.0.0.1/region", enrolled.host_apps(1))
    names = list(Connection.objects.values_list("schema_name", flat=True))
    write_logs.fill(names)
    return names


def _passes(names: list[str]) -> Iterator[Ratio]:
    """Compare the pass over all schemas with a query in each: a count, and the causes."""
    scan.scan_all()
    tenths = numbers()

    def after_changes() -> float:
        write_logs.change(names, next(tenths))
        return harness.seconds(scan.scan_all)

    for query, asked, most in ((_COUNT, "count", 12), (_CAUSES, "query by cause", 4)):
        pairs = harness.in_turn(after_changes, partial(_ask_each, query, names), 5)
        ours, other = harness.medians(pairs)
        yield of_pairs(
            f"time of the pass for failed writes over {len(names):,} schemas, a tenth of the rows "
            f"changed / of one {asked} in each",
            pairs,
            most=most,
            detail=f"{ours:.2f} s, {other * 1000:.1f} ms",
        )
    found = WriteError.objects.order_by().values("cause").distinct().count()
    harness.claim(found == write_logs.KINDS, f"{found} causes were found")


def _ask_each(query: sql.SQL, names: list[str]) -> float:
    """Return the seconds to ask each schema once; few are asked several times."""
    times = max(MANY_COUNTS // len(names), 1)

    def ask() -> None:
        with database.cursor() as cursor:
            for name in names * times:
                cursor.execute(query.format(schema=sql.Identifier(name), cause=CAUSE))
                cursor.fetchall()

    return harness.seconds(ask) / times


def _page(client: Client) -> Ratio:
    """Compare the page of failed writes of many schemas with that of few."""
    both = fleets.Databases(fleets.FEW)

    def show(which: str) -> float:
        with both.using(which):
            client.get(PAGE)  # the first one after the other fleet is cold
            return harness.seconds(lambda: _claim_shown(client))

    pairs = harness.in_turn(partial(show, "many"), partial(show, "few"))
    ours, other = harness.medians(pairs)
    return of_pairs(
        f"time of the page of failed writes of {SCHEMAS[-1]:,} schemas / of {SCHEMAS[0]}",
        pairs,
        most=3,
        detail=f"{ours * 1000:.0f} ms, {other * 1000:.0f} ms",
    )


def _claim_shown(client: Client) -> None:
    status = client.get(PAGE).status_code
    harness.claim(status == 200, f"the page answered {status}")
