"""The server's process: launched, watched, and stopped when its starter was killed."""

import os
import shlex
import subprocess
from pathlib import Path
from typing import IO

from demo.ports import free_port
from demo.postgres.account import identity, run
from demo.postgres.cluster import Cluster
from demo.postgres.errors import PostgresError

MAX_LAUNCHES = 5
THROW_AWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}
# Waits for a line or for the end of the pipe. The pipe also ends when the starter is killed, even
# by kill -9. Then it stops the server, and removes a throw-away directory.
WATCHER = """
read -r _
"$1/pg_ctl" stop -D "$2/data" -m "$3" -w -t 30 >/dev/null 2>&1
[ "$3" = immediate ] && rm -rf "$2"
exit 0
"""


def launch(cluster: Cluster) -> int:
    """Start the server and return its port."""
    log = cluster.directory / "server.log"
    # Another process may take the port between our choice and its use, so we try again.
    for _ in range(MAX_LAUNCHES):
        port = free_port()
        arguments = ("-D", cluster.data, "-l", log, "-w", "-o", _options(cluster, port))
        done = run(cluster.account, cluster.binaries / "pg_ctl", "start", *arguments)
        if done.returncode == 0:
            return port
        tail = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
    raise PostgresError(f"PostgreSQL did not start: {' | '.join(tail)}")


def _options(cluster: Cluster, port: int) -> str:
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        **({} if cluster.durable else THROW_AWAY_SETTINGS),
    }
    return shlex.join([f"-p{port}", *(f"-c{name}={value}" for name, value in settings.items())])


def watch(cluster: Cluster, lock: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the process that outlives us and stops the server after us."""
    mode = "fast" if cluster.durable else "immediate"
    return subprocess.Popen(
        ["/bin/sh", "-c", WATCHER, "watcher", cluster.binaries, cluster.directory, mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        pass_fds=[lock.fileno()],
        start_new_session=True,  # a Ctrl-C in the terminal must not end the watcher
        **identity(cluster.account),
    )


def stop_orphan(cluster: Cluster) -> None:
    """Stop a server whose starter and watcher were both killed. The caller holds the lock.

    A pid file can outlive a reboot or a container, and another program may have its number by now.
    Then the file is removed and nothing is stopped.
    """
    pid_file = cluster.data / "postmaster.pid"
    try:
        pid = pid_file.read_text().split("\n")[0]
        command = Path("/proc", pid, "cmdline").read_bytes()
    except FileNotFoundError:  # no pid file, or no such process: PostgreSQL copes by itself
        return
    if os.fsencode(cluster.directory) in command:
        stop = ("stop", "-D", cluster.data, "-m", "fast", "-w")
        run(cluster.account, cluster.binaries / "pg_ctl", *stop)
    pid_file.unlink(missing_ok=True)
