"""The demo's processes are started in order, watched, and never left running."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from demo.actors.subscriber import Mailbox
from demo.failure import Failed
from demo.plan import ROOT, STAFF, Plan
from demo.program import Program
from demo.stack import _SET_UP, Stack

SLEEPER = "import time; print('started', flush=True); time.sleep(60)"
# Starts a child that would outlive it.
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}])
print(child.pid, flush=True)
time.sleep(60)
"""


def program(log: Path, code: str) -> Program:
    """Start Python code as a program of the stack, and wait for its first line."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    while process.poll() is None and not log.read_text().endswith("\n"):
        time.sleep(0.01)
    return Program("sleeper", process, log)


def stack_of(tmp_path: Path, *programs: Program) -> Stack:
    plan = Plan(tmp_path, 5000, 5050, durable=False, patience=0.1)
    return Stack(plan, "", "", "", {}, "", list(programs))


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.django_db
def test_the_next_start_of_the_demo_logs_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFF_NAME", STAFF)
    hashes = []
    for password in ("first-word-of-2026", "first-word-of-2026", "other-word-of-2026"):
        monkeypatch.setenv("STAFF_PASSWORD", password)
        exec(_SET_UP, {})  # noqa: S102  (as manage.py shell does)
        staff = User.objects.get(username=STAFF)
        assert staff.check_password(password)
        hashes.append(staff.get_session_auth_hash())
    assert hashes[0] == hashes[1] != hashes[2]


def test_stopping_a_program_stops_its_children_too(tmp_path: Path) -> None:
    parent = program(tmp_path / "log", PARENT)
    child = int((tmp_path / "log").read_text().split()[0])
    assert is_alive(child)
    parent.stop()
    assert parent.process.returncode == -signal.SIGTERM
    deadline = time.monotonic() + 5  # the kernel takes a moment
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(child)


def test_the_error_for_a_program_that_ended_shows_its_last_output(tmp_path: Path) -> None:
    ended = program(tmp_path / "log", "raise SystemExit('no more money')")
    ended.process.wait()
    with pytest.raises(Failed, match=r"(?s)sleeper ended \(code 1\).*no more money"):
        stack_of(tmp_path, ended).wait_until(lambda: False, "a miracle")


def test_waiting_has_an_end(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="in vain for a miracle"):
        stack_of(tmp_path).wait_until(lambda: False, "a miracle")


def test_a_demo_that_is_stopped_while_it_starts_leaves_nothing_running(tmp_path: Path) -> None:
    marker = f"MULTICONNECT_TEST_MARK={os.getpid()}-{time.monotonic_ns()}"
    name, value = marker.split("=")
    demo = subprocess.Popen(
        [sys.executable, "-m", "demo.smoke"],
        cwd=ROOT,
        env={**os.environ, name: value, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert demo.stdout is not None
    for line in demo.stdout:
        if "migrations" in line:
            break
    demo.terminate()
    demo.communicate(timeout=30)
    assert demo.returncode == 130
    assert _carrying(marker) == []


def _carrying(marker: str) -> list[str]:
    """Return the command lines of processes that were started with this in their environment."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (each / "environ").read_bytes().split(b"\0"):
                found.append((each / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_the_newest_mailed_link_is_found(tmp_path: Path) -> None:
    mail = (
        "Content-Type: text/plain; charset=utf-8\nTo: ops@acme.example\nSubject: hello\n\n"
        "Open http://127.0.0.1:5000/authenticate/{}\n\n" + "-" * 79 + "\n"
    )
    for number, name in enumerate(("one", "two")):
        path = tmp_path / f"{number}.log"
        path.write_text(mail.format(name))
        os.utime(path, (number, number))
    mailbox = Mailbox(tmp_path)
    assert mailbox.link("ops@acme.example", "/authenticate/") == (
        "http://127.0.0.1:5000/authenticate/two"
    )
    assert mailbox.link("ops@acme.example", "/authenticate/", "hello")
    assert mailbox.link("ops@acme.example", "/authenticate/", "authorize") is None
    assert mailbox.link("ops@acme.example", "/connect/") is None
    assert mailbox.link("it@cirrus.example", "/authenticate/") is None
