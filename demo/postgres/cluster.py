"""A cluster, as PostgreSQL calls a data directory: made, checked, and locked for one run."""

import fcntl
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from demo.postgres.account import Account, is_root, run
from demo.postgres.errors import PostgresError

SUPERUSER = "postgres"
LOCK_WAIT = 5.0  # seconds; a run that was killed may take so long to stop its server


@dataclass(frozen=True)
class Cluster:
    """Where a server's files and programs are, and how it is to run.

    One that is not durable trades safety for speed, and its directory is removed at its end.
    """

    directory: Path
    binaries: Path
    account: Account
    durable: bool

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.directory / "data"

    @property
    def password_file(self) -> Path:
        """The file with the superuser's password."""
        return self.directory / "password"


def lock(cluster: Cluster) -> IO[bytes]:
    """Lock the data for this run. The watcher inherits the lock and frees it when it ends."""
    file = (cluster.directory / "lock").open("wb")
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                raise PostgresError(
                    f"Another run uses the data in {cluster.directory}; stop it first."
                ) from None
            time.sleep(0.1)
        else:
            return file


def initialise(cluster: Cluster) -> None:
    """Make the data directory, or check that the programs can use the one that exists."""
    marker = cluster.data / "PG_VERSION"
    if marker.exists():
        _check(cluster, marker)
        return
    shutil.rmtree(cluster.data, ignore_errors=True)  # left by an initdb that was killed
    _write_password(cluster)
    command: list[str | Path] = [
        *(cluster.binaries / "initdb", "-D", cluster.data, "-U", SUPERUSER, "-E", "UTF8"),
        *("-A", "scram-sha-256", f"--pwfile={cluster.password_file}"),
        *([] if cluster.durable else ["--no-sync"]),
    ]
    done = run(cluster.account, *command, "--locale=C.UTF-8")
    if done.returncode != 0:  # an older libc does not know C.UTF-8
        done = run(cluster.account, *command, "--locale=C")
    if done.returncode != 0:
        raise PostgresError(f"initdb failed: {done.stderr.strip()}")


def _write_password(cluster: Cluster) -> None:
    password = cluster.password_file
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    if is_root():
        os.chown(password, cluster.account.pw_uid, cluster.account.pw_gid)


def _check(cluster: Cluster, marker: Path) -> None:
    where, binaries = cluster.directory, cluster.binaries
    if marker.stat().st_uid != cluster.account.pw_uid:
        raise PostgresError(f"The data in {where} belongs to another user; remove that directory.")
    made_by = marker.read_text().strip()
    version = run(cluster.account, binaries / "postgres", "--version").stdout.split()[2]
    major = version.split(".")[0]
    if made_by != major:
        raise PostgresError(
            f"The data in {where} was made by PostgreSQL {made_by} and {binaries} is {major}:"
            f" remove that directory, or set PG_BIN to the programs of version {made_by}."
        )
