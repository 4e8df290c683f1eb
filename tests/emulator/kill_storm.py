"""`python -m emulator`, really killed at random moments while tenants are on their way."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import requests
from psycopg import sql

from demo.plan import ROOT
from demo.ports import free_port
from tests.emulator.client import ACCOUNT, ACME, APP, HEROKU, Emulated

PATIENCE = 90.0  # seconds for a tenant's way
BETWEEN = (1.0, 4.0)  # seconds between two deaths; a start takes about half a second
PACE = {"provisioning_seconds": 0.3, "import_seconds": 0.3, "bulk_load_seconds": 0.3}


class Program:
    """`python -m emulator`, killed and started again on the same state."""

    def __init__(self, database_url: str, log: Path) -> None:
        self.port = free_port()
        self.log = log
        self.command = [sys.executable, "-m", "emulator", "--database-url", database_url]
        self.command += ["--app", APP, "--port", str(self.port)]
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def _again(act: Callable[[], Any], until: float) -> Any:
    """Repeat a step until it succeeds, as a portal does."""
    while True:
        with suppress(requests.RequestException, AssertionError, KeyError, StopIteration):
            return act()
        assert time.monotonic() < until, "a tenant was held for ever"
        time.sleep(0.1)


class Client(Emulated):
    """A portal, its admin and a tester, over HTTP alone."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers.update(HEROKU)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("http") else self.url + path
        return self.session.request(method, url, timeout=10, allow_redirects=False, **options)

    def bring(self, number: int, until: float) -> None:
        """Bring one tenant from nothing to a loaded mapping; each step looks before it acts."""
        name = f"hc-{number}"
        _again(lambda: self._addon(name), until)
        url = str(_again(lambda: self._link(name), until))
        _again(lambda: self._configure(url, number), until)
        _again(lambda: self._authorize(url), until)
        _again(lambda: self._import(url), until)

    def _addon(self, name: str) -> None:
        found = self.get(f"/heroku/apps/{APP}/addons/{name}")
        assert found.ok or self.addon(name).ok

    def _link(self, name: str) -> str:
        found = self.post(f"/central/auth/{APP}").json()["connections"]
        return str(next(each["detail_url"] for each in found if each["resource_name"] == name))

    def _configure(self, url: str, number: int) -> None:
        if self.detail(url)["state"] == "NEW":
            body = {"schema_name": f"sf_kill_{number}", "db_key": "DATABASE_URL"}
            self.call("PATCH", url, json=body)
        assert self.detail(url)["state"] != "NEW"

    def _authorize(self, url: str) -> None:
        if self.detail(url)["state"] == "NEED_AUTHENTICATION":
            self.authorize(url, self.get(f"/control/orgs/{ACME}").json())
        assert self.detail(url)["state"] == "IDLE"

    def _import(self, url: str) -> None:
        if not self.states(url):
            self.imported(url, ACCOUNT)
        assert self.states(url) == {"Account": "DATA_SYNCED"}


class Killer(threading.Thread):
    """Kills the program again and again, and starts it."""

    def __init__(self, program: Program, deaths: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.program = program
        self.deaths = deaths
        self.chance = random.Random(seed)
        self.over = threading.Event()
        self.done = 0

    def run(self) -> None:
        """Kill so many times; the program runs then."""
        for _ in range(self.deaths):
            if self.over.wait(self.chance.uniform(*BETWEEN)):
                return
            self.program.kill()
            self.program.start()
            self.done += 1


def run(database_url: str, log: Path, *, tenants: int, deaths: int, seed: int) -> int:
    """Bring tenants to a loaded table while the emulator is killed; it starts empty, and ends so.

    Return how often it was killed. Raises AssertionError for a tenant that is held.
    """
    program = Program(database_url, log)
    client = Client(f"http://127.0.0.1:{program.port}")
    until = time.monotonic() + PATIENCE * tenants
    killer = Killer(program, deaths, seed)
    try:
        _again(lambda: client.behave(**PACE), until)
        _again(client.org, until)
        killer.start()
        for number in range(tenants):
            client.bring(number, until)
        killer.over.set()
        killer.join()
        for number in range(tenants):
            _assert_loaded(database_url, f"sf_kill_{number}")
        _again(lambda: client.control("reset"), until)
        return killer.done
    finally:
        killer.over.set()
        program.kill()


def _assert_loaded(database_url: str, schema: str) -> None:
    query = sql.SQL("SELECT count(*) FROM {}.account").format(sql.Identifier(schema))
    with psycopg.connect(database_url) as conn:
        assert conn.execute(query).fetchone() == (0,)
