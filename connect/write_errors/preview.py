"""What a retry would do, said before it is confirmed."""

from collections import Counter
from collections.abc import Iterator, Sequence

from django.db import DatabaseError

from connect import databases, schemas
from connect.formats import counted
from connect.models import WriteError
from connect.write_errors import repair, trigger_log
from connect.write_errors.matching import Match

MAX_ROWS = 200  # that are compared with the failed writes
MAX_SHOWN = 20
CANNOT_BE_READ = "The tenant's schema cannot be read now."


def lines(error: WriteError, chosen: Sequence[tuple[str, int]] | None) -> list[str]:
    """Return what a retry of these writes would send and skip, and what has changed since."""
    try:
        matches = _matches(error, chosen)
    except (DatabaseError, schemas.BadSchemaName):
        return [CANNOT_BE_READ]
    differing = [text for each in matches if (text := _difference(each))]
    more = len(differing) - MAX_SHOWN
    rest = [f"{counted(more, 'more row')} without what failed"] if more > 0 else []
    return [*_counts(matches), *differing[:MAX_SHOWN], *rest]


def _matches(error: WriteError, chosen: Sequence[tuple[str, int]] | None) -> list[Match]:
    connection, table = error.connection, error.table_name
    writes = trigger_log.chosen_rows(connection, table, error.cause, MAX_ROWS, chosen)
    with trigger_log.reading(databases.alias_of(connection)) as cursor:
        oldest_first = sorted(writes, key=lambda each: (each.log != trigger_log.LOG, each.id))
        return repair.plan(connection, table, oldest_first, cursor)


def _counts(matches: Sequence[Match]) -> Iterator[str]:
    sent = sum(not each.skipped for each in matches)
    newest = f" of the newest {MAX_ROWS}" if len(matches) == MAX_ROWS else ""
    yield f"{counted(sent, 'write')}{newest} can be sent again"
    for reason, count in Counter(each.skipped for each in matches if each.skipped).items():
        yield f"{count:,} will be skipped: {reason.label}"


def _difference(match: Match) -> str:
    if not match.differences or match.row is None:
        return ""
    found = ", ".join(str(each) for each in match.differences)
    sent = "" if match.captured else "; what failed is sent"
    return f"Row {match.row.id} no longer holds what failed: {found}{sent}"
