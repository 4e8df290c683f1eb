"""`make demo`: the whole product here, with five tenants in different stages, until Ctrl-C."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from demo.console import say
from demo.failure import Failed, Stopped
from demo.greeting import greeting
from demo.plan import ROOT, Plan, require_free
from demo.seeding import seed_tenants
from demo.signals import on_signals_raise
from demo.stack import running


def main() -> int:
    """Run until it is stopped; return the exit code."""
    on_signals_raise()
    try:
        plan = _plan()
        with _alone(plan), running(plan, say) as stack:
            seed_tenants(stack)
            say(greeting(stack))
            while True:
                stack.check()
                time.sleep(0.5)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    except Stopped:
        say("Stopped.")
        return 0


def _plan() -> Plan:
    plan = Plan(
        state=ROOT / ".state" / "demo",
        portal_port=_port("DEMO_PORT", 5000),
        emulator_port=_port("DEMO_EMULATOR_PORT", 5050),
        durable=True,
    )
    require_free(plan.portal_port, "DEMO_PORT")
    require_free(plan.emulator_port, "DEMO_EMULATOR_PORT")
    return plan


def _port(variable: str, usual: int) -> int:
    try:
        port = int(os.environ.get(variable) or usual)
    except ValueError:
        port = 0
    if not 1024 <= port <= 65535:
        raise Failed(f"{variable} must be a port from 1024 to 65535.")
    return port


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
