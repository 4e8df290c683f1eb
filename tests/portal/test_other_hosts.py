"""The commands of docs/deploying.md that need no container, from the page itself."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

from demo import postgres
from demo.ports import free_port
from tests import documents
from tests.databases import scratch
from tests.documents import ROOT
from tests.plugin import TEST_ENVIRONMENT
from tests.upgrade.conftest import BEFORE

PAGE = ROOT / "docs/deploying.md"
PRODUCTION = ROOT / "scripts/production.env"
SHELL = ("bash", "-c")
LISTENS = "127.0.0.1:5000"
# What a proxy that ends TLS adds to a call.
BEHIND_PROXY = {
    "Host": "portal.isv.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "203.0.113.7",
}

BACKUP = re.compile(r"(?m)^docker compose exec -T database (pg_(?:dump|restore) .*)$")


def commands() -> list[str]:
    [found] = [each for each in documents.fences(PAGE) if "pip install" in each]
    return found.strip("`\n").splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    target = tmp_path / "portal"
    subprocess.run(["git", "clone", "-q", ROOT, target], check=True)
    yield target
    shutil.rmtree(target)


@contextmanager
def started(command: str, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    program = subprocess.Popen(
        [*SHELL, command], cwd=folder, env=environment, start_new_session=True
    )
    try:
        yield
        assert program.poll() is None
    finally:
        os.killpg(program.pid, signal.SIGTERM)
        program.wait(60)


def wait_until_ready(address: str) -> Any:
    """Return the last answer: of one that is ready, or of one that still is not after a minute."""
    stop_at, answer = time.monotonic() + 60, None
    while time.monotonic() < stop_at:
        with suppress(requests.ConnectionError):
            found = requests.get(address, headers=BEHIND_PROXY, timeout=5)
            answer = found.json()
            if found.status_code == 200:
                break
        time.sleep(0.5)
    return answer


@pytest.mark.thorough
def test_the_commands_of_the_page_start_a_portal_that_is_ready(folder: Path) -> None:
    *prepare, web, worker = commands()
    port = free_port()
    web, count = re.subn(re.escape(LISTENS), f"127.0.0.1:{port}", web)
    assert count == 1
    kept = {name: value for name, value in os.environ.items() if name not in TEST_ENVIRONMENT}
    lines = PRODUCTION.read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    with scratch("other_host") as url:
        environment = {**kept, **settings, "DATABASE_URL": url}
        for each in prepare:
            subprocess.run([*SHELL, each], cwd=folder, env=environment, check=True, timeout=600)

        with started(web, folder, environment), started(worker, folder, environment):
            assert wait_until_ready(f"http://127.0.0.1:{port}/readyz")["problems"] == []


def tables_and_tenants(url: str) -> tuple[int, int]:
    with psycopg.connect(url) as database:
        query = "SELECT count(*), (SELECT count(*) FROM tenants_tenant) FROM pg_tables"
        found = database.execute(query).fetchone()
    assert found
    return found[0], found[1]


def test_the_backup_of_the_page_brings_the_tenants_back(tmp_path: Path) -> None:
    dump, restore = BACKUP.findall(PAGE.read_text())
    with scratch("backup") as url:
        at = urlsplit(url)
        # As in the container, where the user and the database are both called portal.
        words = (
            ("--username portal", f"--username {at.username}"),
            ("portal >", f"{at.path[1:]} >"),
        )
        for old, new in words:
            dump, restore = dump.replace(old, new), restore.replace(old, new)
        server = {
            "PGHOST": str(at.hostname),
            "PGPORT": str(at.port),
            "PGPASSWORD": at.password or "",
        }
        path = f"{postgres.find_binaries()}:{os.environ['PATH']}"

        def run(command: str) -> int:
            environment = {"PATH": path, **server}
            return subprocess.run([*SHELL, command], cwd=tmp_path, env=environment).returncode

        with psycopg.connect(url) as database:
            database.execute(BEFORE.read_bytes())
        tables, tenants = tables_and_tenants(url)
        assert tenants > 5
        assert run(dump) == 0
        with psycopg.connect(url, autocommit=True) as database:
            database.execute("TRUNCATE tenants_tenant CASCADE")
            database.execute("CREATE TABLE made_after_the_backup ()")
            assert run(restore) != 0  # somebody is connected
        assert tables_and_tenants(url) == (tables + 1, 0)
        assert run(restore) == 0
        assert tables_and_tenants(url) == (tables, tenants)
