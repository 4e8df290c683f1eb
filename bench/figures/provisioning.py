"""From callouts to the mails that ask their subscribers to sign in, with a real worker."""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

import emulator as emulated
from bench import harness, load, programs
from bench.bare_calls import Caller
from bench.harness import Pair
from bench.ratios import Ratio, count, exponent, of_pairs
from connect.formats import counted
from demo.actors.emulator import Emulator
from demo.plan import HOST_APP, Plan
from demo.ports import free_port
from demo.program import Program
from demo.stack import Stack, running

AT_ONCE = {1: 7, 100: 1, 1_000: 1}  # callouts: pairs
CLIENTS = 8
AT_A_TIME = 4  # tenants: two processes of the worker, two threads each
SLOW, LATENCY = 200, 0.2  # tenants, and seconds that each call takes
FAULTY, FAULTS = 200, 0.05  # tenants, and the share of calls that fail
SYSTEMS = ("heroku", "central", "region")
PATIENCE = 600.0
FIRST_MAIL = 1.0  # seconds
MEMORY = 180 * 2**20  # bytes of the worker
LOOK_SECONDS = 2.0  # a look at it takes some of the processor time that is measured
# None gets more add-ons than Heroku allows, but each has room: no mail says that it is scarce.
HOST_APPS = 3
_ROOM = "UPDATE connect_hostapp SET max_addons = 1000000, max_config_bytes = 1000000000"
# The first one again, under another name.
_ANOTHER = """
INSERT INTO connect_hostapp SELECT (
    jsonb_populate_record(
        first, jsonb_build_object('id', first.id + %(number)s::int, 'name', %(name)s::text)
    )
).* FROM connect_hostapp first WHERE name = %(first)s
"""
_QUEUED = "SELECT last_value FROM django_q_ormq_id_seq"
TASKS = 2  # of a tenant: its steps, and its mail
_SENT = "SELECT count(*) FROM tenants_message WHERE kind = 'sign_in' AND sent_at IS NOT NULL"


@dataclass(frozen=True)
class Bench:
    """A running stack and its database."""

    stack: Stack
    emulator: Emulator
    bare: Caller
    database: psycopg.Connection

    def mailed(self) -> int:
        """Count the mails that ask to sign in."""
        return self._number(_SENT)

    def queued(self) -> int:
        """Count the tasks that were ever queued."""
        return self._number(_QUEUED)

    def _number(self, query: LiteralString) -> int:
        row = self.database.execute(query).fetchone()
        return int(row[0]) if row else 0

    def calls_of(self, callouts: int) -> float:
        """Send callouts; return how many calls to Heroku and Heroku Connect each of them took."""
        self.emulator.call("DELETE", "/calls")  # it keeps the last 5,000
        self.take(callouts)
        found = (self.emulator.call("GET", f"/calls?system={each}") for each in SYSTEMS)
        return sum(int(each["count"]) for each in found) / callouts

    @property
    def worker(self) -> Program:
        """The worker."""
        [worker] = (each for each in self.stack.programs if each.name == "worker")
        return worker

    def processor(self) -> dict[str, float]:
        """Return the seconds of processor time that each has used until now."""
        used = {each.name: programs.processor(each) for each in self.stack.programs}
        postgres = programs.processor_of_postgres(self.stack.database_url)
        return used | {"Postgres": postgres, "the senders": time.process_time()}

    def take(self, callouts: int) -> float:
        """Send callouts; return the seconds until each of their mails has gone."""
        wanted = self.mailed() + callouts
        posts = list(load.callouts(self.stack.registration_secret, callouts))

        def send() -> None:
            load.send(self.stack.plan.portal_port, posts, min(CLIENTS, callouts))
            harness.until(lambda: self.mailed() >= wanted, PATIENCE, f"{wanted} mails")

        return harness.seconds(send)


def run() -> Iterator[Ratio]:
    """Measure one web process and one worker with two processes of two threads."""
    with _bench() as bench:
        bench.take(5)
        calls = bench.calls_of(10)
        # Before there are many: their own looks would be counted too.
        yield _faulty(bench, calls)
        yield _slow(bench, calls)
        taken = {}
        for many, pairs in AT_ONCE.items():
            taken[many] = _taken(bench, many, pairs)
            yield from _at_once(many, taken[many])
        yield from _growth(taken[100], taken[1_000])


@contextmanager
def _bench() -> Iterator[Bench]:
    os.environ.pop("DATABASE_URL")  # a stack of its own
    state = Path(tempfile.mkdtemp(prefix="multiconnect-bench-"))
    many = "1000000000"
    settings = {
        "REGISTRATIONS_PER_HOUR_TOTAL": many,
        "NEW_ADDONS_PER_DAY": many,
        "LOG_LEVEL": "WARNING",
    }
    plan = Plan(state, free_port(), free_port(), durable=False, settings=settings)
    with running(plan, lambda _: None) as stack:
        outside = Emulator(plan.emulator_url)
        limits = dict.fromkeys(("rate_limit", "rate_limit_per_minute", "config_bytes"), 10**9)
        outside.call("POST", "/behaviour", {**emulated.INSTANT, **limits})
        bare = Caller(plan.emulator_url)
        bare.prepare()
        with psycopg.connect(stack.database_url, autocommit=True) as database:
            database.execute(_ROOM)
            for number in range(1, HOST_APPS):
                name = f"{HOST_APP}-{number}"
                outside.ensure_app(name)
                database.execute(_ANOTHER, {"number": number, "name": name, "first": HOST_APP})
            yield Bench(stack, outside, bare, database)


@dataclass(frozen=True)
class Taken:
    """What so many callouts at once took: `seconds` beside those of their calls alone.

    `processor` has the seconds of each program, `memory` the most bytes of the worker, `tasks` how
    many were queued.
    """

    pairs: list[Pair]
    processor: dict[str, float]
    memory: int
    tasks: int

    @property
    def seconds(self) -> float:
        return harness.medians(self.pairs)[0]


def _taken(bench: Bench, many: int, wanted: int) -> Taken:
    tasks, spent = bench.queued(), Counter[str]()
    clients = min(many, AT_A_TIME)

    def ours() -> float:
        before = bench.processor()
        seconds = bench.take(many)
        spent.update({name: used - before[name] for name, used in bench.processor().items()})
        return seconds

    with programs.peak_of(bench.worker, LOOK_SECONDS) as peak:
        pairs = harness.in_turn(ours, lambda: bench.bare.take(many, clients), wanted)
        memory = peak()
    return Taken(pairs, dict(spent), memory, bench.queued() - tasks)


def _at_once(many: int, taken: Taken) -> Iterator[Ratio]:
    callouts, seconds = counted(many, "callout"), taken.seconds
    detail = f"{seconds:.2f} s, {many / seconds:.0f} tenants a second"
    if many == 1:
        yield of_pairs("time from a callout to its mail / of its calls alone", taken.pairs)
        least = tuple(each.ours / FIRST_MAIL for each in taken.pairs)
        yield Ratio("time from a callout to its mail / 1 s", least, most=1, detail=detail)
        return
    name = f"time from {callouts} at once to the last mail / of their calls alone"
    yield of_pairs(name, taken.pairs, detail=detail)
    tasks = taken.tasks / many
    name = f"tasks queued for each of {callouts} at once / {TASKS}, its steps and its mail"
    yield count(name, tasks / TASKS, most=1.1, detail=f"{tasks:.2f} tasks")
    name = f"processor time until the last mail of {callouts} at once / of all cores"
    spent = [f"{each} {used / many * 1000:.0f}" for each, used in taken.processor.items()]
    share = sum(taken.processor.values()) / seconds / (os.cpu_count() or 1)
    yield count(name, share, detail=f"ms a tenant: {', '.join(spent)}")


def _growth(few: Taken, many: Taken) -> Iterator[Ratio]:
    detail = f"{many.memory / 2**20:.0f} MB with 1,000 callouts at once"
    yield count("most memory of the worker / 180 MB", many.memory / MEMORY, most=1, detail=detail)
    of = "100 to 1,000 callouts at once"
    yield exponent(f"the worker's most memory, {of}", few.memory, many.memory, 10, most=0.1)
    of = f"the time to the last mail, {of}"
    yield exponent(of, few.seconds, many.seconds, 10, most=1.1)


def _slow(bench: Bench, calls: float) -> Ratio:
    for system in SYSTEMS:
        bench.emulator.call("POST", "/faults", {"system": system, "delay": LATENCY})
    ideal = SLOW * calls * LATENCY / AT_A_TIME
    taken = bench.take(SLOW)
    bench.emulator.call("DELETE", "/faults")
    name = f"time of {SLOW} tenants at {LATENCY * 1000:.0f} ms a call / of their calls alone"
    detail = f"{taken:.1f} s, {ideal:.1f} s of calls, {AT_A_TIME} at a time"
    return count(name, taken / ideal, most=1.25, detail=detail)


def _faulty(bench: Bench, calls: float) -> Ratio:
    for system in SYSTEMS:
        fault = {"system": system, "status": 503, "share": FAULTS}
        bench.emulator.call("POST", "/faults", fault)
    spent = bench.calls_of(FAULTY)
    bench.emulator.call("DELETE", "/faults")
    name = f"calls for a tenant while {FAULTS:.0%} of them fail / while none does"
    detail = f"{spent:.1f}, {calls:.1f}"
    return count(name, spent / calls, most=1 + 4 * FAULTS, detail=detail)
