"""Starts and stops the processes of the product and the emulator."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests

from demo import postgres
from demo.actors.emulator import Emulator
from demo.environment import environment, load_secrets
from demo.failure import Failed
from demo.plan import APP, HOST_APP, ROOT, STAFF, Plan
from demo.program import MORTAL, Program
from demo.signals import signals_held_back, stop_if_asked

# In one process: each start of Django costs as much as all of this does later.
_SET_UP = """
import os
from django.contrib.auth.models import Group, User
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
call_command("setup_portal")
user, _ = User.objects.get_or_create(username=os.environ["STAFF_NAME"])
user.is_staff = user.is_superuser = user.is_active = True
# A new password, even the same one, would log out those who look at the demo.
if not user.check_password(os.environ["STAFF_PASSWORD"]):
    user.set_password(os.environ["STAFF_PASSWORD"])
user.save()
user.groups.set(Group.objects.filter(name="Manager"))
"""


@dataclass
class Stack:
    """A running stack."""

    plan: Plan
    database_url: str
    password: str
    registration_secret: str
    environment: dict[str, str]
    postgres_version: str
    programs: list[Program] = field(default_factory=list)
    ago: timedelta = timedelta()  # how far in the past it runs (demo.past)

    def check(self) -> None:
        """Raise Failed when one of the programs has ended, Stopped when we are to stop."""
        stop_if_asked()
        for program in self.programs:
            code = program.process.poll()
            if code is not None:
                raise Failed(f"{program.name} ended (code {code}):\n{program.last_words()}")

    def wait_until(self, is_true: Callable[[], Any], what: str) -> Any:
        """Return the first true answer. Raises Failed after a while, or if a program ends."""
        seconds = self.plan.patience
        end = time.monotonic() + seconds
        while True:
            found = is_true()
            if found:
                return found
            self.check()
            if time.monotonic() > end:
                raise Failed(f"Waited {seconds:.0f} s in vain for {what}.")
            time.sleep(0.05)


def _nothing(_: Stack) -> None:
    pass


@contextmanager
def running(
    plan: Plan, say: Callable[[str], None], prepare: Callable[[Stack], None] = _nothing
) -> Iterator[Stack]:
    """Start everything, and stop it in the opposite order when the block ends, however it ends.

    `prepare` is called when all but the portal and its worker run.
    """
    plan.mail.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ending:
        stack = _database(plan, ending, say)
        say("Applying migrations and setting up the portal ...")
        login = {"STAFF_NAME": STAFF, "STAFF_PASSWORD": stack.password}
        manage(stack, "shell", "--no-imports", "-c", _SET_UP, **login)
        say("Starting the emulator ...")
        _start(stack, ending, "emulator", *_emulator_command(stack))
        # Before the portal, whose worker calls Heroku as soon as work is due.
        await_answer(stack, f"{plan.emulator_url}/control/clock", "the emulator")
        Emulator(plan.emulator_url).ensure_app(HOST_APP)
        prepare(stack)
        say("Starting the portal and its worker ...")
        for suffix in ("", *(f".{number}" for number in range(2, plan.dynos + 1))):
            _start(stack, ending, f"web{suffix}", *_web_command(plan))
            _start(stack, ending, f"worker{suffix}", "manage.py", "worker")
        await_answer(stack, f"{plan.portal_url}/readyz", "the portal and its worker")
        yield stack


def _database(plan: Plan, ending: ExitStack, say: Callable[[str], None]) -> Stack:
    url, version = os.environ.get("DATABASE_URL"), "the one of DATABASE_URL"
    if not url:
        say("Starting PostgreSQL ...")
        with signals_held_back():  # between the server's start and ours to stop it
            try:
                server = postgres.start(plan.state / "postgres", durable=plan.durable)
            except postgres.PostgresError as error:
                raise Failed(str(error)) from None
            ending.callback(server.stop)
        (plan.state / "postgres-directory").write_text(str(server.directory))
        url = server.ensure_database("multiconnect")
        version = server.version + ("" if server.has_hstore else ", without hstore")
    known = load_secrets(plan.state / "secrets.json")
    return Stack(
        plan=plan,
        database_url=url,
        password=known["password"],
        registration_secret=known["registration"],
        environment=environment(plan, url, known),
        postgres_version=version,
    )


def _web_command(plan: Plan) -> list[str]:
    command = ["-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{plan.portal_port}"]
    # Linux gives each of them a share of the connections, as Heroku's router does.
    return [*command, "--reuse-port"] if plan.dynos > 1 else command


def _emulator_command(stack: Stack) -> list[str]:
    plan = stack.plan
    return [
        *("-m", "emulator", "--database-url", stack.database_url, "--app", APP),
        *("--callback", f"{plan.portal_url}/auth/salesforce/callback"),
        *("--port", str(plan.emulator_port), "--speed", f"{plan.speed:g}"),
    ]


def manage(stack: Stack, command: str, *arguments: str, **more: str) -> None:
    """Run a command of manage.py to its end, with these settings in addition. Raises Failed."""
    with ExitStack() as ending:
        program = _spawn(stack, ending, command, "manage.py", command, *arguments, **more)
        if program.process.wait():
            raise Failed(f"manage.py {command} failed:\n{program.last_words()}")


def _start(stack: Stack, ending: ExitStack, name: str, *arguments: str) -> None:
    stack.programs.append(_spawn(stack, ending, name, *arguments))


def _spawn(stack: Stack, ending: ExitStack, name: str, *arguments: str, **more: str) -> Program:
    """Run Python with these arguments as a program that stops with `ending`."""
    stop_if_asked()
    log = stack.plan.state / f"{name}.log"
    with signals_held_back(), log.open("wb") as output:  # between its start and ours to stop it
        process = subprocess.Popen(
            [*MORTAL, sys.executable, *arguments],
            cwd=ROOT,
            env={**stack.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is for us; we then stop each in its turn
        )
        program = Program(name, process, log)
        ending.callback(program.stop)
    return program


@contextmanager
def program(stack: Stack, name: str, *arguments: str) -> Iterator[Program]:
    """Run Python with these arguments until the block ends."""
    with ExitStack() as ending:
        yield _spawn(stack, ending, name, *arguments)


def await_answer(stack: Stack, url: str, what: str) -> None:
    """Wait until an address answers 200. Raises Failed."""
    session = requests.Session()
    session.trust_env = False

    def answers() -> bool:
        try:
            return session.get(url, timeout=5).status_code == 200
        except requests.RequestException:
            return False

    stack.wait_until(answers, what)
