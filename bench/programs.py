"""The portal's own processes, and what they use: memory, processor time, statements."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import requests

from bench import harness
from demo.plan import ROOT
from demo.ports import free_port
from demo.program import MORTAL, Program

START_SECONDS = 60.0
LOOK_SECONDS = 0.25  # between two looks at the memory
# How the log shows one, without the parts of a prepared one: "duration: 1 ms  statement: …".
_SENT = (b" ms  statement: ", b" ms  execute ")
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(name: str, *arguments: str, **settings: str) -> Iterator[Program]:
    """Run Python with these arguments until the block ends."""
    state = Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108 (its log alone)
    log = state / f"multiconnect-bench-{os.getpid()}-{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*MORTAL, sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    program = Program(name, process, log)
    try:
        yield program
    except RuntimeError:
        print(program.last_words(), flush=True)
        raise
    finally:
        program.stop()
        log.unlink()


@contextmanager
def web(application: str = "portal.wsgi", **settings: str) -> Iterator[tuple[Program, int]]:
    """Run gunicorn as the Procfile does, without its restarts; yield it with its port."""
    port = free_port()
    command = ["-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
    with running("web", *command, "--max-requests", "0", **settings) as program:
        harness.until(lambda: answers(port), START_SECONDS, "the portal")
        yield program, port


def answers(port: int) -> bool:
    """Whether the portal answers."""
    try:
        answer = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=10)
    except requests.RequestException:
        return False
    return answer.status_code == 200


def family(program: Program) -> list[int]:
    """Return the numbers of a program's processes."""
    group = str(program.process.pid)
    paths = Path("/proc").glob("[0-9]*/stat")
    return [int(each.parent.name) for each in paths if _fields(each)[2:3] == [group]]


def memory(program: Program) -> int:
    """Return the bytes that a program's processes hold, shared pages divided (PSS)."""
    return sum(_memory(pid) for pid in family(program))


def _memory(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        for line in text.splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


@contextmanager
def peak_of(program: Program, every: float = LOOK_SECONDS) -> Iterator[Callable[[], int]]:
    """Look at a program's memory every so many seconds of this block; yield what tells the peak.

    A process that is replaced in the block gives its memory back, and one look would miss that.
    """
    seen, over = [memory(program)], threading.Event()

    def look() -> None:
        while not over.wait(every):
            seen.append(memory(program))

    looks = threading.Thread(target=look, daemon=True)
    looks.start()
    try:
        yield lambda: max(seen)
    finally:
        over.set()
        looks.join()


def processor(program: Program) -> float:
    """Return the seconds of processor time that a program has used, with those of its children.

    The children that have ended count too: the worker's processes are replaced as they work.
    """
    return sum(_processor(pid) for pid in family(program))


def processor_of_postgres(url: str) -> float:
    """Return the seconds of processor time that a database's server has used."""
    with psycopg.connect(url) as conn:
        row = conn.execute("SHOW data_directory").fetchone()
    server = Path(str(row[0] if row else ""), "postmaster.pid").read_text().split()[0]
    return sum(_processor(pid) for pid in [int(server), *_children(server)])


def _children(parent: str) -> list[int]:
    paths = Path("/proc").glob("[0-9]*/stat")
    return [int(each.parent.name) for each in paths if _fields(each)[1:2] == [parent]]


def _processor(pid: int) -> float:
    # Both kinds of time, its own and that of its children that have ended.
    return sum(map(int, _fields(Path(f"/proc/{pid}/stat"))[11:15])) / _TICKS


def _fields(stat: Path) -> list[str]:
    """Return the fields after the name of a process, none if it has ended."""
    try:
        return stat.read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


@contextmanager
def statements_logged(url: str) -> Iterator[Path]:
    """Let Postgres log each statement; yield its log."""
    with psycopg.connect(url, autocommit=True) as conn:
        row = conn.execute("SHOW data_directory").fetchone()
        log = Path(str(row[0] if row else "")).parent / "server.log"
        _log_all(conn, "0")
        try:
            yield log
        finally:
            _log_all(conn, "-1")


def _log_all(conn: psycopg.Connection, least: str) -> None:
    conn.execute(f"ALTER SYSTEM SET log_min_duration_statement = {least}")
    conn.execute("SELECT pg_reload_conf()")
    time.sleep(0.5)  # until every session has read it


def statements(log: Path, begin: int) -> int:
    """Count the statements that were logged after a place in the log."""
    with log.open("rb") as file:
        file.seek(begin)
        return sum(any(each in line for each in _SENT) for line in file)
