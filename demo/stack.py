"""The product and the emulator as processes: started in order, watched, never left running."""

import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import requests

from emulator import postgres

ROOT = Path(__file__).resolve().parent.parent
APP = "multiconnect-demo"
STAFF = "admin"
STOP_SECONDS = 20.0  # a task under work may take so long; then the rest is killed
# Asks Linux for a SIGTERM when this program is killed without a chance to stop the others, and
# becomes the command that follows. (As a preexec_fn it would make subprocess lose our signals.)
MORTAL = (
    sys.executable,
    *("-S", "-c"),
    "import ctypes, os, sys\n"
    "try: ctypes.CDLL(None).prctl(1, 15)\n"
    "except (AttributeError, OSError): pass\n"
    "os.execv(sys.argv[1], sys.argv[1:])",
)
_ENROL_STAFF = """
import os
from django.contrib.auth.models import Group, User
user, _ = User.objects.get_or_create(username=os.environ["STAFF_NAME"])
user.is_staff = user.is_superuser = user.is_active = True
user.set_password(os.environ["STAFF_PASSWORD"])
user.save()
user.groups.set(Group.objects.filter(name="Manager"))
"""


class Failed(Exception):
    """The stack cannot run; the text is what a person should read."""


class Stopped(BaseException):
    """Somebody asked us to stop."""


@dataclass(frozen=True)
class Plan:
    """Where a stack lives. `durable` keeps its data for the next start; ports are on 127.0.0.1."""

    state: Path
    portal_port: int
    emulator_port: int
    durable: bool
    speed: float = 1

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self.portal_port}"

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def mail(self) -> Path:
        return self.state / "mail"


@dataclass
class Program:
    """A running process, the leader of its own group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Ask it to end in order, wait, and kill what is left of its group."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


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

    def check(self) -> None:
        """Raise Failed when one of the programs has ended, Stopped when we are to stop."""
        _stop_if_asked()
        for program in self.programs:
            code = program.process.poll()
            if code is not None:
                raise Failed(f"{program.name} ended (code {code}):\n{program.last_words()}")

    def wait_until(self, is_true: Callable[[], Any], seconds: float, what: str) -> Any:
        """Return the first true answer. Raises Failed after `seconds`, or if a program ends."""
        end = time.monotonic() + seconds
        while True:
            found = is_true()
            if found:
                return found
            self.check()
            if time.monotonic() > end:
                raise Failed(f"Waited {seconds:.0f} s in vain for {what}.")
            time.sleep(0.05)


def on_signals_raise() -> None:
    """Turn the first signal that means "stop" into Stopped; further ones do not disturb the end."""

    def stop(number: int, _frame: FrameType | None) -> None:
        _asked_to_stop.append(number)
        if len(_asked_to_stop) == 1:
            raise Stopped

    for each in _STOP_SIGNALS:
        signal.signal(each, stop)


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_asked_to_stop: list[int] = []


def _stop_if_asked() -> None:
    # An exception from a handler is lost where Python cannot raise, in a destructor for instance.
    if _asked_to_stop:
        raise Stopped


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hear the signals that mean "stop" only at the end of the block."""
    heard: list[int] = []
    before = {each: signal.getsignal(each) for each in _STOP_SIGNALS}
    for each in _STOP_SIGNALS:
        signal.signal(each, lambda number, _frame: heard.append(number))
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in heard:
            signal.raise_signal(number)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def require_free(port: int, variable: str) -> None:
    """Raise Failed if somebody listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Failed(
                f"Port {port} is taken. Choose another one: {variable}={port + 1000} make demo"
            ) from None


@contextmanager
def running(plan: Plan, say: Callable[[str], None]) -> Iterator[Stack]:
    """Start everything, and stop it in the opposite order when the block ends, however it ends."""
    plan.mail.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ending:
        stack = _database(plan, ending, say)
        say("Applying migrations and setting up the portal ...")
        _manage(stack, "migrate", "--no-input", "--verbosity=0")
        _manage(stack, "setup_portal")
        login = {"STAFF_NAME": STAFF, "STAFF_PASSWORD": stack.password}
        _manage(stack, "shell", "--no-imports", "-c", _ENROL_STAFF, **login)
        say("Starting the emulator, the portal and its worker ...")
        _start(stack, ending, "emulator", *_emulator_command(stack))
        _await(stack, f"{plan.emulator_url}/control/clock", "the emulator")
        address = f"127.0.0.1:{plan.portal_port}"
        _start(stack, ending, "web", "-m", "gunicorn", "portal.wsgi", "--bind", address)
        _start(stack, ending, "worker", "manage.py", "worker")
        _await(stack, f"{plan.portal_url}/readyz", "the portal and its worker")
        yield stack


# --- inner steps ---------------------------------------------------------------------------------


def _database(plan: Plan, ending: ExitStack, say: Callable[[str], None]) -> Stack:
    url, version = os.environ.get("DATABASE_URL"), "the one of DATABASE_URL"
    if not url:
        say("Starting PostgreSQL ...")
        with _undisturbed():  # between the server's start and ours to stop it
            try:
                server = postgres.start(plan.state / "postgres", durable=plan.durable)
            except postgres.PostgresError as error:
                raise Failed(str(error)) from None
            ending.callback(server.stop)
        (plan.state / "postgres-directory").write_text(str(server.directory))
        url = server.ensure_database("multiconnect")
        version = server.version + ("" if server.has_hstore else ", without hstore")
    known = _secrets(plan.state / "secrets.json")
    return Stack(
        plan=plan,
        database_url=url,
        password=known["password"],
        registration_secret=known["registration"],
        environment=_environment(plan, url, known),
        postgres_version=version,
    )


def _secrets(path: Path) -> dict[str, str]:
    """Return this stack's secrets, made on its first start."""
    if not path.exists():
        made = {
            "key": secrets.token_urlsafe(48),
            "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "registration": secrets.token_hex(32),
            "password": secrets.token_urlsafe(12),
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(made))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def _environment(plan: Plan, database_url: str, known: dict[str, str]) -> dict[str, str]:
    base = plan.emulator_url
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "APP_NAME": APP,
        "PORTAL_URL": plan.portal_url,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "TRUSTED_PROXIES": "0",
        "DEV_EMAIL": "connect@isv.example",
        "STAFF_EMAILS": "staff@isv.example",
        "SECRET_KEY": known["key"],
        "SECRET": known["fernet"],
        "REGISTRATION_SECRETS": known["registration"],
        "REGISTRATION_POLICY": "signed",
        "REDIS_URL": "",
        "HEROKU_API_TOKEN": "HRKU-demo",
        "HEROKU_API_URL": f"{base}/heroku",
        "HEROKU_CONNECT_URL": f"{base}/central",
        "SALESFORCE_KEY": "emulator-key",
        "SALESFORCE_SECRET": "emulator-secret",
        "SALESFORCE_LOGIN_URL": f"{base}/salesforce/login.salesforce.com",
        "SALESFORCE_TEST_URL": f"{base}/salesforce/test.salesforce.com",
        "SALESFORCE_MY_DOMAIN_URL": f"{base}/salesforce/{{domain}}",
        "X_API_URL": f"{base}/x",
        "X_BEARER_TOKEN": "x-demo",
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": str(plan.mail),
        "WEB_CONCURRENCY": "1",
        "WORKERS": "2",
        "PYTHONUNBUFFERED": "1",
    }


def _emulator_command(stack: Stack) -> list[str]:
    plan = stack.plan
    return [
        *("-m", "emulator", "--database-url", stack.database_url, "--app", APP),
        *("--callback", f"{plan.portal_url}/auth/salesforce/callback"),
        *("--port", str(plan.emulator_port), "--speed", f"{plan.speed:g}"),
    ]


def _manage(stack: Stack, command: str, *arguments: str, **more: str) -> None:
    """Run a command of manage.py to its end. Raises Failed."""
    with ExitStack() as ending:
        program = _spawn(stack, ending, command, "manage.py", command, *arguments, **more)
        if program.process.wait():
            raise Failed(f"manage.py {command} failed:\n{program.last_words()}")


def _start(stack: Stack, ending: ExitStack, name: str, *arguments: str) -> None:
    stack.programs.append(_spawn(stack, ending, name, *arguments))


def _spawn(stack: Stack, ending: ExitStack, name: str, *arguments: str, **more: str) -> Program:
    """Run Python with these arguments as a program that stops with `ending`."""
    _stop_if_asked()
    log = stack.plan.state / f"{name}.log"
    with _undisturbed(), log.open("wb") as output:  # between its start and ours to stop it
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


def _await(stack: Stack, url: str, what: str) -> None:
    session = requests.Session()
    session.trust_env = False

    def answers() -> bool:
        try:
            return session.get(url, timeout=5).status_code == 200
        except requests.RequestException:
            return False

    stack.wait_until(answers, 60, what)
