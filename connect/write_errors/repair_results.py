"""The results of repairs: what happened to the writes that were retried."""

from datetime import timedelta

from django.utils import timezone
from psycopg import sql

from connect import schemas
from connect.models import Connection, WriteRepair
from connect.write_errors import trigger_log
from connect.write_errors.trigger_log import ARCHIVE, LOG

MAX_AT_A_TIME = 10_000  # repairs
RESULT_TIMEOUT = timedelta(days=2)
KEEP = timedelta(days=60)
FINAL_STATES = ("SUCCESS", "FAILED", "MERGED", "IGNORED", "READONLY")
_RESULTS = sql.SQL("""
SELECT DISTINCT ON (repair.key) repair.key, entry.state, coalesce(entry.sf_message, '')
FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::int[], %s::timestamptz[])
    AS repair(key, new_id, table_name, record_id, asked_at)
JOIN (
    SELECT id, table_name, record_id, created_at, state, sf_message FROM {schema}.{log}
    UNION ALL
    SELECT id, table_name, record_id, created_at, state, sf_message FROM {schema}.{archive}
) AS entry ON entry.id = repair.new_id OR (
    repair.new_id IS NULL AND entry.created_at >= repair.asked_at
    AND entry.table_name = repair.table_name AND entry.record_id = repair.record_id
)
ORDER BY repair.key, entry.id DESC
""")


def follow_up(connection: Connection) -> int:
    """Store the results of retried writes; return how many have ended."""
    repairs = list(connection.repairs.filter(ended_at=None).order_by("pk")[:MAX_AT_A_TIME])
    if not repairs:
        return 0
    now, ended = timezone.now(), []
    ends = _ends(connection, repairs)
    for each in repairs:
        state, message = ends.get(each.pk, ("", ""))
        if state not in FINAL_STATES and now - each.asked_at > RESULT_TIMEOUT:
            state, message = "UNKNOWN", "No result was seen."
        if state in (*FINAL_STATES, "UNKNOWN"):
            each.result, each.message, each.ended_at = state, message, now
            ended.append(each)
    WriteRepair.objects.bulk_update(ended, ["result", "message", "ended_at"])
    return len(ended)


def prune() -> int:
    """Delete old records of repairs; return how many."""
    return WriteRepair.objects.filter(asked_at__lt=timezone.now() - KEEP).delete()[0]


def _ends(connection: Connection, repairs: list[WriteRepair]) -> dict[int, tuple[str, str]]:
    """Return (state, message) by the repair's key.

    Heroku Connect does not report the id of an entry that it copies. It is the newest entry of the
    row after the request.
    """
    statement = _RESULTS.format(
        schema=sql.Identifier(schemas.checked(connection.schema_name)),
        log=sql.Identifier(LOG),
        archive=sql.Identifier(ARCHIVE),
    )
    columns = zip(
        *(
            (each.pk, each.new_log_id, each.table_name, each.record_id, each.asked_at)
            for each in repairs
        ),
        strict=True,
    )
    with trigger_log.reading() as cursor:
        cursor.execute(statement, [list(column) for column in columns])
        return {key: (state, message) for key, state, message in cursor.fetchall()}
