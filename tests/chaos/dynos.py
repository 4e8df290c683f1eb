"""Two web and two worker processes as on Heroku: what dies is started again."""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from demo.plan import ROOT, Plan
from demo.ports import free_port
from demo.program import MORTAL, Program
from demo.stack import Stack, running

DYNOS = 2
LOOK_SECONDS = 0.2
MEMORY = Path("/dev/shm")  # noqa: S108 - only ever holds a directory that mkdtemp has made
SETTINGS = {
    # Each person comes from a network of their own, and more come than on a usual day.
    "TRUSTED_PROXIES": "1",
    "REGISTRATIONS_PER_HOUR": "100000",
    "REGISTRATIONS_PER_HOUR_TOTAL": "100000",
    "NEW_ADDONS_PER_DAY": "100000",
    # So that a storm sees the end of what it off-boards.
    "OFFBOARDING_GRACE_DAYS": "0",
    "MAPPING_CALLS_PER_HOUR": "100000",
}


@dataclass
class Dynos:
    """The running processes, and what can be done to them."""

    stack: Stack
    restarts: int = 0

    def of_kind(self, kind: str) -> list[Program]:
        """Return the programs of a kind: web, worker, redis or emulator."""
        return [each for each in self.stack.programs if each.name.partition(".")[0] == kind]

    def processes(self, program: Program) -> list[int]:
        """Return the pids of a program and of all that it has started."""
        command = ["ps", "-s", str(program.process.pid), "-o", "pid="]
        listing = subprocess.run(command, capture_output=True, text=True, check=False)
        return [int(pid) for pid in listing.stdout.split()]

    def start_again_what_died(self) -> None:
        """Do once what Heroku does all the time."""
        for program in self.stack.programs:
            if program.process.poll() is not None:
                self._start_again(program)

    def _start_again(self, program: Program) -> None:
        with suppress(ProcessLookupError):
            os.killpg(program.process.pid, signal.SIGKILL)
        with program.log.open("ab") as output:
            program.process = subprocess.Popen(
                program.process.args,
                cwd=ROOT,
                env=self.stack.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.restarts += 1

    def is_ready(self) -> bool:
        """Return whether the portal says that it can work."""
        with suppress(requests.RequestException):
            url = f"{self.stack.plan.portal_url}/readyz"
            return requests.get(url, timeout=5).status_code == 200
        return False

    def logs(self) -> str:
        """Return what all programs have logged."""
        return "\n".join(each.log.read_text(errors="replace") for each in self.stack.programs)


@contextmanager
def started(broker: str, patience: float) -> Iterator[Dynos]:
    """Start Postgres, the emulator, the dynos, and Redis if it is the broker."""
    state = _folder()
    try:
        with ExitStack() as ending:
            redis = ending.enter_context(redis_server(state)) if broker == "redis" else None
            settings = {**SETTINGS, "REDIS_URL": redis.url if redis else ""}
            plan = Plan(
                state,
                free_port(),
                free_port(),
                durable=True,  # Postgres is killed too
                patience=patience,
                dynos=DYNOS,
                settings=settings,
            )
            dynos = Dynos(ending.enter_context(running(plan, lambda _: None)))
            dynos.stack.programs += [redis.program] if redis else []
            yield dynos
    finally:
        shutil.rmtree(state, ignore_errors=True)


@contextmanager
def restarting(dynos: Dynos) -> Iterator[None]:
    """Start again what dies, until the block ends."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            dynos.start_again_what_died()

    supervisor = threading.Thread(target=look)
    supervisor.start()
    try:
        yield
    finally:
        over.set()
        supervisor.join()


def _folder() -> Path:
    # In memory, where Postgres may be as durable as it likes and stays quick.
    folder = Path(
        tempfile.mkdtemp(prefix="multiconnect-chaos-", dir=MEMORY if MEMORY.is_dir() else None)
    )
    folder.chmod(0o755)
    return folder


@dataclass
class Redis:
    """A real Redis that keeps nothing: what it holds is lost with it."""

    program: Program
    url: str


@contextmanager
def redis_server(folder: Path) -> Iterator[Redis]:
    """Run Debian's redis-server."""
    port = free_port()
    log = folder / "redis.log"
    command = [
        *(*MORTAL, str(shutil.which("redis-server")), "--port", str(port)),
        *("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    program = Program("redis", process, log)
    try:
        yield Redis(program, f"redis://127.0.0.1:{port}/0")
    finally:
        program.stop()
