"""A registration beside a view that does nothing, and beside a bare insert, at 1, 8, 32 clients."""

import os
import statistics
from collections.abc import Iterator
from functools import partial

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import bare, harness, load, programs
from bench.ratios import Ratio, count, of_pairs

# Clients: requests of one measurement. Five of these, so that the p99 is not the slowest one.
SENT = {1: 100, 8: 104, 32: 128}
PAIRS = 5
SECRET = os.environ["REGISTRATION_SECRETS"]
STATEMENTS, TRANSACTIONS = 12, 2
OF_NOTHING, OF_INSERT = 0.15, 0.8  # what a registration is worth at least


def run() -> Iterator[Ratio]:
    """Measure one web process, as one dyno with one worker has it."""
    yield from _statements()
    with connection.cursor() as cursor:
        cursor.execute(bare.TABLES)
    with programs.web("bench.bare_wsgi", WEB_CONCURRENCY="1") as (_, port):
        for path in (bare.NOTHING, bare.INSERT, "/organizations"):
            _send(port, path, 1)  # the first ones load what is needed
        for clients in SENT:
            yield from _beside(port, clients)


def _statements() -> Iterator[Ratio]:
    client = Client()
    for post in load.callouts(SECRET, 2):
        headers = {name: value for name, value in post.headers.items() if name != "Content-Type"}
        with CaptureQueriesContext(connection) as queries:
            client.post(post.path, post.body, content_type="application/json", headers=headers)
    sent = [each["sql"] for each in queries]
    work = harness.work(sent)
    detail = f"{len(work)} statements, without BEGIN and COMMIT"
    yield count(
        "statements of a registration", len(work), most=STATEMENTS, exact=True, detail=detail
    )
    alone = sent[: sent.index("BEGIN")]  # each commits by itself
    writing = sent.count("COMMIT") + sum("INSERT INTO" in each for each in alone)
    name = "transactions of a registration that write"
    yield count(
        name, writing, most=TRANSACTIONS, exact=True, detail=f"{writing}, with that of the limits"
    )


def _beside(port: int, clients: int) -> Iterator[Ratio]:
    times: list[float] = []

    def ours() -> float:
        taken, spent = _timed(port, "/organizations", clients)
        times.extend(taken)
        return spent

    for path, words, least in (
        (bare.NOTHING, "view that does nothing", OF_NOTHING),
        (bare.INSERT, "bare insert with its outbox row", OF_INSERT),
    ):
        times.clear()
        pairs = harness.in_turn(partial(_spent, port, path, clients), ours, PAIRS)
        slowest = statistics.quantiles(times, n=100)[98]
        plain, each = harness.medians(pairs)
        detail = f"{SENT[clients] / each:.0f} registrations a second, p99 {slowest * 1000:.0f} ms"
        detail += f"; {SENT[clients] / plain:.0f} of the others"
        name = f"time of a {words} / of a registration, clients at once: {clients}"
        yield of_pairs(name, pairs, least=least, detail=detail)


def _spent(port: int, path: str, clients: int) -> float:
    return _timed(port, path, clients)[1]


def _timed(port: int, path: str, clients: int) -> tuple[list[float], float]:
    posts = list(load.callouts(SECRET, SENT[clients], path))
    taken: list[float] = []
    spent = harness.seconds(lambda: taken.extend(load.send(port, posts, clients)))
    return taken, spent


def _send(port: int, path: str, clients: int) -> None:
    load.send(port, load.callouts(SECRET, 5, path), clients)
