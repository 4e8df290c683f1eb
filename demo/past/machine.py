"""The time machine: it leads the portal of the past and the emulator through time, together."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import requests

from demo.actors.emulator import Emulator
from demo.stack import Stack, await_answer, program

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# How often the portal looks while nothing happens: the older, the more seldom.
RHYTHM = ((2 * DAY, DAY), (DAY, 12 * HOUR), (timedelta(), HOUR))
CLOSELY = 5 * MINUTE  # a second look opens an incident, one without the cause closes it


class Machine:
    """Where in time the stack is: `stack.ago` before now."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.emulator = Emulator(stack.plan.emulator_url)
        self.session = requests.Session()
        self.session.trust_env = False

    def set_out(self, ago: timedelta) -> None:
        """Set the emulator's clock back, which has to be empty."""
        self.emulator.call("POST", "/clock", {"back": ago.total_seconds()})
        self.stack.ago = self._emulator_ago = ago

    def go_to(self, ago: timedelta) -> None:
        """Let the time pass until then, with the looks that the portal takes on the way."""
        while self.stack.ago > ago:
            self._jump(max(ago, self.stack.ago - self.step()))
        self._move_emulator()

    def watch(self, span: timedelta) -> None:
        """Let the time pass in small steps: something is about to happen."""
        end = self.stack.ago - span
        while self.stack.ago > end:
            self._jump(max(end, self.stack.ago - CLOSELY))
            self._move_emulator()

    def look_at_everything(self) -> None:
        """Run all schedules now."""
        self._jump(self.stack.ago, "?everything")

    def step(self) -> timedelta:
        return next(step for older, step in RHYTHM if self.stack.ago > older)

    def _jump(self, ago: timedelta, query: str = "") -> None:
        self.stack.check()
        url = f"{self.stack.plan.portal_url}/past/{ago.total_seconds()}{query}"
        self.session.post(url, timeout=120).raise_for_status()
        self.stack.ago = ago

    def _move_emulator(self) -> None:
        # Seldom, because each time the emulator polls every org.
        passed = self._emulator_ago - self.stack.ago
        self.emulator.call("POST", "/clock", {"advance": passed.total_seconds()})
        self._emulator_ago = self.stack.ago


@contextmanager
def machine(stack: Stack, ago: timedelta) -> Iterator[Machine]:
    """Run the portal of the past until the block ends."""
    made = Machine(stack)
    made.set_out(ago)
    plan = stack.plan
    arguments = ("-m", "demo.past.portal", str(plan.portal_port), str(ago.total_seconds()))
    with program(stack, "past", *arguments):
        await_answer(stack, f"{plan.portal_url}/healthz", "the portal of the past")
        yield made
        made.go_to(timedelta())
        made.look_at_everything()
