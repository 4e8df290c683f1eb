"""The results of repairs: whether the write that was retried has arrived itself."""

from datetime import timedelta

from django.utils import timezone
from psycopg import sql

from connect import databases, schemas
from connect.models import Connection, RepairResult, WriteRepair
from connect.write_errors import trigger_log
from connect.write_errors.trigger_log import ARCHIVE, LOG

MAX_AT_A_TIME = 10_000  # repairs
RESULT_TIMEOUT = timedelta(days=2)
# Later than that, because a schema that cannot be read for a while is looked at again.
UNSEEN_AFTER = timedelta(days=4)
KEEP = timedelta(days=60)
_UNSEEN = "No result was seen."
_COLUMNS = sql.SQL(
    'id, table_name, record_id, action, sfid, "values", created_at, state, sf_message'
)
FINAL_STATES = ("SUCCESS", "FAILED", "MERGED", "IGNORED", "READONLY")
_RESULTS = sql.SQL("""
WITH entries AS (SELECT {columns} FROM {schema}.{log} UNION ALL
    SELECT {columns} FROM {schema}.{archive})
SELECT DISTINCT ON (repair.key) repair.key, entry.state, coalesce(entry.sf_message, '')
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::timestamptz[])
    AS repair(key, new_id, old_id, asked_at)
LEFT JOIN entries AS old ON repair.new_id IS NULL AND old.id = repair.old_id
JOIN entries AS entry ON entry.id = repair.new_id OR (
    entry.created_at >= repair.asked_at AND entry.id <> old.id
    AND entry.table_name = old.table_name AND entry.record_id = old.record_id
    AND entry.action = old.action AND entry."values" IS NOT DISTINCT FROM old."values"
    AND (old.sfid IS NULL OR entry.sfid = old.sfid)
)
ORDER BY repair.key, entry.id
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
            state, message = RepairResult.UNKNOWN, _UNSEEN
        if state == RepairResult.ARRIVED and each.differences:
            state = RepairResult.OTHER_VALUES
        if state in (*FINAL_STATES, RepairResult.OTHER_VALUES, RepairResult.UNKNOWN):
            each.result, each.message, each.ended_at = state, message, now
            ended.append(each)
    WriteRepair.objects.bulk_update(ended, ["result", "message", "ended_at"])
    return len(ended)


def end_unseen() -> int:
    """End the repairs that nobody can follow up: the tenant has gone, or its schema cannot be read.

    Return how many.
    """
    now = timezone.now()
    lost = WriteRepair.objects.filter(ended_at=None, asked_at__lt=now - UNSEEN_AFTER)
    return lost.update(result=RepairResult.UNKNOWN, message=_UNSEEN, ended_at=now)


def prune() -> int:
    """Delete old records of repairs; return how many."""
    return WriteRepair.objects.filter(asked_at__lt=timezone.now() - KEEP).delete()[0]


def _ends(connection: Connection, repairs: list[WriteRepair]) -> dict[int, tuple[str, str]]:
    """Return (state, message) by the repair's key.

    Heroku Connect does not report the id of an entry that it copies. It is the first one after the
    request with the same content; another write of the same row says nothing about this one.
    """
    statement = _RESULTS.format(
        schema=sql.Identifier(schemas.checked(connection.schema_name)),
        log=sql.Identifier(LOG),
        archive=sql.Identifier(ARCHIVE),
        columns=_COLUMNS,
    )
    columns = zip(
        *((each.pk, each.new_log_id, each.log_id, each.asked_at) for each in repairs),
        strict=True,
    )
    with trigger_log.reading(databases.alias_of(connection)) as cursor:
        cursor.execute(statement, [list(column) for column in columns])
        return {key: (state, message) for key, state, message in cursor.fetchall()}
