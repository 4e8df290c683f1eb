"""A running server: started, asked for databases, stopped."""

import atexit
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from demo.postgres.account import server_account
from demo.postgres.binaries import find_binaries
from demo.postgres.cluster import SUPERUSER, Cluster, initialise, lock
from demo.postgres.places import reachable_binaries, reachable_data
from demo.postgres.process import launch, stop_orphan, watch

TEST_DATABASE = "multiconnect"
MEMORY = Path("/dev/shm")  # noqa: S108 - only ever holds directories that mkdtemp has made
MIN_FREE_MEMORY = 2 * 1024**3  # bytes; the server of a test run takes a tenth of it
STOP_SECONDS = 40


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
        self.watcher.wait(timeout=STOP_SECONDS)


def start(data_dir: Path, *, durable: bool = True, binaries: Path | None = None) -> Server:
    """Start a server whose files are under `data_dir`; the first call makes them.

    A server that is not durable trades safety for speed, and its directory is removed when it
    stops. Where the account of root's server cannot reach `data_dir` (a checkout under /root), the
    files go to a directory of /var/tmp that is named after it; `Server.directory` says where.
    Raises PostgresError: no binaries, data of another major version or user, or data in use.
    """
    account = server_account()
    programs = reachable_binaries(binaries or find_binaries(), account)
    directory = reachable_data(data_dir.absolute(), account)
    cluster = Cluster(directory, programs, account, durable)
    # Our copy of the lock closes with the block, and the watcher's copy goes on holding it.
    with lock(cluster) as held:
        initialise(cluster)
        stop_orphan(cluster)
        port = launch(cluster)
        watcher = watch(cluster, held)
    return _describe(cluster, port, watcher)


def _describe(cluster: Cluster, port: int, watcher: subprocess.Popen[bytes]) -> Server:
    password = cluster.password_file.read_text()
    with psycopg.connect(_url(port, password, "postgres")) as conn:
        query = "SELECT count(*) FROM pg_available_extensions WHERE name = 'hstore'"
        found = conn.execute(query).fetchone()
        version = conn.info.parameter_status("server_version") or ""
    return Server(
        directory=cluster.directory,
        binaries=cluster.binaries,
        version=version.split()[0],
        port=port,
        password=password,
        has_hstore=found == (1,),
        watcher=watcher,
        owner=os.getpid(),
    )


def start_for_tests() -> str:
    """Start a throw-away server that ends with this process, and return its database's URL.

    It lives in memory where there is enough: data that is thrown away need not reach a disk.
    """
    fits = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= MIN_FREE_MEMORY
    directory = tempfile.mkdtemp(prefix="multiconnect-postgres-", dir=MEMORY if fits else None)
    server = start(Path(directory), durable=False)
    atexit.register(server.stop)
    return server.ensure_database(TEST_DATABASE)


def _url(port: int, password: str, database: str) -> str:
    return f"postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}"
