"""The system account that the server runs as, and commands run under it."""

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

from demo.postgres.errors import PostgresError

Account = pwd.struct_passwd

ROOT_ALTERNATIVES = ("postgres", "nobody")


def server_account() -> Account:
    """Return our own account, or for root, which PostgreSQL refuses, one of the alternatives."""
    if not is_root():
        return pwd.getpwuid(os.geteuid())
    for name in ROOT_ALTERNATIVES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresError("PostgreSQL cannot run as root, and neither postgres nor nobody exists.")


def is_root() -> bool:
    """Return whether this process runs as root."""
    return os.geteuid() == 0


def identity(account: Account) -> dict[str, Any]:
    """Return subprocess arguments that start a program as `account`."""
    if not is_root():
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def run(account: Account, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command as `account` to its end; a failure is in the return code."""
    return subprocess.run(
        # The account may have no right to enter our own directory.
        command,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **identity(account),
    )


def can(account: Account, test: str, path: Path) -> bool:
    """Ask test(1), for example `-x`, about a path as `account` sees it."""
    return run(account, "/bin/sh", "-c", 'test "$1" "$2"', "sh", test, path).returncode == 0
