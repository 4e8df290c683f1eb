"""The storm: processes of every kind die at random while tenants go live and staff work.

Two web and two worker processes, on each broker. The kills follow a seed: `CHAOS_SEED=7 make chaos`
repeats those of a report, as far as the machine's own timing allows.
"""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import pytest

from demo.actors.emulator import Emulator
from tests.chaos import books, dynos, killer, people, promises, staff
from tests.chaos.dynos import Dynos
from tests.chaos.promises import Line

SEED = int(os.environ.get("CHAOS_SEED", "15"))
QUICK = {"provisioning_seconds": 1, "import_seconds": 1, "bulk_load_seconds": 1}
Record = Callable[[str, object], None]
needs_redis = pytest.mark.skipif(not shutil.which("redis-server"), reason="no redis-server")


@dataclass(frozen=True)
class Size:
    """How much happens. After each death of a worker its work waits for about 20 s."""

    tenants: int
    deaths: int
    between: tuple[float, float] = (1.0, 4.0)
    patience: float = 420.0


SHORT = Size(2, 2, between=(2.0, 3.0), patience=150.0)


@pytest.fixture
def storm(broker: str, size: Size, monkeypatch: pytest.MonkeyPatch) -> Iterator["Storm"]:
    monkeypatch.delenv("DATABASE_URL")
    with dynos.started(broker, size.patience) as started, dynos.restarting(started):
        Emulator(started.stack.plan.emulator_url).call("POST", "/behaviour", QUICK)
        yield Storm(started, size)


class Storm:
    """One storm, from the first callout to the calm after it."""

    def __init__(self, running: Dynos, size: Size) -> None:
        self.running, self.size, self.stack = running, size, running.stack
        self.url = running.stack.database_url
        self.random = random.Random(SEED)
        self.people = people.People(self.stack, people.orgs(size.tenants))
        self.presser = staff.Presser(self.stack, self.people.orgs, random.Random(SEED))
        self.killer = killer.Killer(running, self.random, size.between, size.deaths)
        self.accepted = 0
        self.seconds = 0.0

    def rage(self) -> None:
        """Let everything happen, and wait until it is over."""
        begun = time.monotonic()
        with staff.pressing(self.presser):
            with killer.killing(self.killer):
                self.accepted = self.people.register()
                self.people.bring_all("live", self.size.patience)
            Emulator(self.stack.plan.emulator_url).call("DELETE", "/calls")
            with killer.killing(self.killer):
                ending = self.people.orgs[:: max(self.size.tenants // 10, 3)]
                staff.work_on_many(self.stack, ending)
                self._wait_until_calm()
        self._wait_until_calm()
        self.seconds = time.monotonic() - begun

    def _wait_until_calm(self) -> None:
        stop_at = time.monotonic() + self.size.patience
        while promises.stuck(self.url) and time.monotonic() < stop_at:
            time.sleep(1)

    def lines(self, part: str) -> list[Line]:
        """Return what is found of each promise."""
        url = self.url
        runs = books.number(url, "SELECT count(*) FROM portal_bulkrun WHERE actor <> 'mia'")
        lost = self.size.tenants - self.accepted + books.number(url, promises.LOST)
        addons = promises.addons_a_tenant(self.stack)
        illegal, faults = promises.out_of_order(url), promises.faults(url)
        found: dict[str, tuple[object, bool]] = {
            f"callouts lost, of {self.accepted} accepted": none(lost),
            "add-ons a tenant": (f"{addons:.2f}", addons == 1),
            f"presses lost, of {self.presser.accepted} accepted": none(
                max(0, self.presser.accepted - runs)
            ),
            "live tenants without their mail": none(books.number(url, promises.WITHOUT_MAIL)),
            "stuck rows": none_of(promises.stuck(url)),
            "things there twice": none_of(promises.doubled(url)),
            "imports of a roll-out sent twice": none(promises.imports_twice(self.stack)),
            "events out of order": ("; ".join(illegal) or "0", not illegal),
            "errors in the portal itself": ("; ".join(faults) or "0", not faults),
        }
        return [Line(part, what, str(each), holds) for what, (each, holds) in found.items()]

    def facts(self) -> str:
        """Return what happened, as a sentence."""
        killed = ", ".join(
            f"{count} × {what}" for what, count in sorted(self.killer.deaths.items())
        )
        return (
            f"{self.size.tenants} tenants in {self.seconds:.0f} s, seed {SEED}. Killed: {killed}."
            f" {self.running.restarts} restarts. Mails handed over twice:"
            f" {promises.delivered_twice(self.stack)}. {promises.blocks(self.url)}"
        )


def none(count: int) -> tuple[int, bool]:
    """Return a number, and whether it is 0 as promised."""
    return count, count == 0


def none_of(found: dict[str, int]) -> tuple[str, bool]:
    """Return what was found as text, and whether it is nothing as promised."""
    text = ", ".join(f"{count} {what}" for what, count in found.items())
    return text or "0", not found


@pytest.mark.parametrize(
    ("broker", "size"),
    [
        ("database", SHORT),
        pytest.param("redis", SHORT, marks=[pytest.mark.chaos, needs_redis]),
        pytest.param("database", Size(100, 50), marks=pytest.mark.chaos),
        pytest.param("redis", Size(15, 15), marks=[pytest.mark.chaos, needs_redis]),
    ],
    ids=["few-database", "few-redis", "many-database", "many-redis"],
)
def test_nothing_is_lost_and_nothing_is_done_twice(
    storm: Storm, broker: str, record_property: Record
) -> None:
    storm.rage()
    part = f"Two web and two worker processes, queue: {broker}"
    lines = storm.lines(part)
    record_property("chaos", [asdict(line) for line in lines])
    record_property("facts", f"{part}: {storm.facts()}")
    assert [line for line in lines if not line.holds] == []
    assert storm.killer.deaths.total() > 0
