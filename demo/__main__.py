"""`make demo`: the whole product here, with ten tenants and a month of history, until Ctrl-C."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from demo.console import say
from demo.failure import Failed, Stopped
from demo.greeting import greeting
from demo.plan import ROOT, Plan
from demo.ports import choose_port
from demo.seeding import forget_half_a_month, seed, show_tenants
from demo.signals import on_signals_raise
from demo.stack import running
from demo.tour.server import Tour, serving


def main() -> int:
    """Run until it is stopped; return the exit code."""
    on_signals_raise()
    try:
        plan = _plan()
        tour = Tour(plan)
        with _alone(plan), serving(tour):
            say(f"A tour begins at {plan.tour_url}/ and shows the start, too.")
            forget_half_a_month(plan)
            _run(plan, tour)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    except Stopped:
        say("Stopped.")
    return 0


def _run(plan: Plan, tour: Tour) -> None:
    """Start everything and watch it. Raises Failed and Stopped."""

    def tell(line: str) -> None:
        say(line)
        tour.note(line)

    with running(plan, tell, partial(seed, say=tell)) as stack:
        show_tenants(stack)
        tour.show(stack)
        say(greeting(stack))
        while True:
            stack.check()
            time.sleep(0.5)


def _plan() -> Plan:
    portal = choose_port("DEMO_PORT", 5000, say)
    emulator = choose_port("DEMO_EMULATOR_PORT", 5050, say, but=[portal])
    tour = choose_port("DEMO_TOUR_PORT", 5055, say, but=[portal, emulator])
    return Plan(ROOT / ".state" / "demo", portal, emulator, durable=True, tour_port=tour)


@contextmanager
def _alone(plan: Plan) -> Iterator[None]:
    """Refuse a second demo on the same data, and leave our number for `make clean`."""
    plan.state.mkdir(parents=True, exist_ok=True)
    # Not "w", which would empty the number of a demo that runs.
    with (plan.state / "pid").open("a+") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed("make demo is already running; stop it first (Ctrl-C).") from None
        mark.truncate(0)
        mark.write(str(os.getpid()))
        mark.flush()
        yield
        mark.truncate(0)


if __name__ == "__main__":
    sys.exit(main())
