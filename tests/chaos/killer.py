"""Kills at random, by a seed: one process, a whole dyno, Postgres, Redis."""

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

import psycopg

from demo.program import Program
from tests.chaos.dynos import Dynos


@dataclass
class Killer:
    """Kills until it is stopped; `deaths` counts by what was killed."""

    dynos: Dynos
    random: random.Random
    seconds_between: tuple[float, float]
    most: int  # in one go
    deaths: Counter[str] = field(default_factory=Counter)

    def strike(self) -> None:
        """Kill something."""
        name, kill = self.random.choice(self._ways())
        kill()
        self.deaths[name] += 1

    def _ways(self) -> list[tuple[str, Callable[[], None]]]:
        dynos = [each for kind in ("web", "worker") for each in self.dynos.of_kind(kind)]
        ways = [(each.name.partition(".")[0], each) for each in dynos]
        return [
            *(
                (f"a process of a {kind}", lambda each=each: self.one_process(each))
                for kind, each in ways
            ),
            *((f"a {kind}", lambda each=each: dyno(each)) for kind, each in ways),
            ("Postgres", self.postgres),
            *(("Redis", lambda each=each: dyno(each)) for each in self.dynos.of_kind("redis")),
        ]

    def one_process(self, program: Program) -> None:
        """Kill any one process of a program, at any moment."""
        pids = self.dynos.processes(program)
        with suppress(ProcessLookupError, IndexError):
            os.kill(self.random.choice(pids), signal.SIGKILL)

    def postgres(self) -> None:
        """Kill a process of Postgres: it drops every connection and recovers from its log."""
        with (
            suppress(psycopg.OperationalError, ProcessLookupError),
            closing(psycopg.connect(self.dynos.stack.database_url)) as connection,
        ):
            os.kill(connection.info.backend_pid, signal.SIGKILL)


def dyno(program: Program) -> None:
    """Kill a program with all its processes at once, as when a machine fails."""
    with suppress(ProcessLookupError):
        os.killpg(program.process.pid, signal.SIGKILL)


@contextmanager
def killing(killer: Killer) -> Iterator[None]:
    """Kill in the background while the block runs."""
    over = threading.Event()

    def rage() -> None:
        for _ in range(killer.most):
            if over.wait(killer.random.uniform(*killer.seconds_between)):
                return
            killer.strike()

    thread = threading.Thread(target=rage)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
