"""Causes were stored with people's data before they followed the structure of a message.

The next scan stores today's causes, but not those of what is over. Texts that list causes are
replaced by a sentence that names none.
"""

from typing import Any

from django.db import migrations
from psycopg import sql

from connect.write_errors.stored import grouped_again

# Two old causes may be one now: their counts are added up.
_ERRORS = """
WITH gone AS (
    DELETE FROM connect_writeerror WHERE cause <> {cause} RETURNING *
)
INSERT INTO connect_writeerror
    (connection_id, table_name, cause, failed, first_at, last_at, seen_at)
SELECT connection_id, table_name, {cause}, sum(failed), min(first_at), max(last_at), max(seen_at)
FROM gone GROUP BY 1, 2, 3
ON CONFLICT (connection_id, table_name, cause)
    DO UPDATE SET failed = connect_writeerror.failed + excluded.failed
"""
_REPAIRS = "UPDATE connect_writerepair SET cause = {cause} WHERE cause <> {cause}"
_HEALTH = """
UPDATE connect_health AS health SET failing_writes = found.counts FROM (
    SELECT connection_id, jsonb_object_agg(cause, failed) AS counts FROM (
        SELECT connection_id, {key} AS cause, sum(pair.value::bigint) AS failed
        FROM connect_health, jsonb_each_text(failing_writes) AS pair GROUP BY 1, 2
    ) AS counted GROUP BY 1
) AS found WHERE health.connection_id = found.connection_id
"""
_INCIDENTS = """
UPDATE connect_incident SET text = 'Salesforce refuses writes. See “Write errors”.',
    parts = (SELECT coalesce(jsonb_agg(DISTINCT {part}), '[]') FROM
        jsonb_array_elements_text(parts) AS part WHERE part NOT LIKE 'more than %'),
    doubtful_parts = '[]'
WHERE kind = 'write_errors'
"""
_NOTICES = r"""
UPDATE connect_webhooknotice
SET text = E'*Salesforce refuses writes*\n' || coalesce(substring(text from '\S+$'), '')
WHERE incident_id IN (SELECT id FROM connect_incident WHERE kind = 'write_errors')
"""
# Those that are being sent now keep their link; there are few.
_MAILS = """
UPDATE tenants_message SET text = 'Salesforce refuses writes. See “Write errors”.', html = '',
    subject = regexp_replace(subject, '(Salesforce refuses writes).*$', '\\1')
WHERE status <> 'queued' AND split_part(key, ':', 1) = 'incident' AND split_part(key, ':', 2) IN
    (SELECT id::text FROM connect_incident WHERE kind = 'write_errors')
"""
# The only time that events are changed: what they tell stays, without the values.
_EVENTS = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE tenants_event DISABLE TRIGGER append_only;
UPDATE tenants_event
SET text = regexp_replace(text, '(Salesforce refuses writes).*$', '\\1. See “Write errors”.')
WHERE data->>'what' NOT IN ('recovered', 'ended') AND data->>'incident' IN
    (SELECT id::text FROM connect_incident WHERE kind = 'write_errors');
UPDATE tenants_event SET data = jsonb_set(data, '{{cause}}', to_jsonb({event})) WHERE data ? 'cause';
ALTER TABLE tenants_event ENABLE TRIGGER append_only;
SET CONSTRAINTS ALL DEFERRED;
"""
_PARTS = {
    "cause": grouped_again("cause"),
    "key": grouped_again("pair.key"),
    "part": grouped_again("part"),
    "event": grouped_again("data->>'cause'"),
}


def without_values(apps: Any, schema_editor: Any) -> None:
    """Group what is stored again."""
    with schema_editor.connection.cursor() as cursor:
        for each in (_ERRORS, _REPAIRS, _HEALTH, _INCIDENTS, _NOTICES, _MAILS, _EVENTS):
            cursor.execute(sql.SQL(each).format(**_PARTS))  # type: ignore[arg-type]


class Migration(migrations.Migration):
    dependencies = [
        ("connect", "0026_lease_holders_and_renewals"),
        ("tenants", "0012_digests_and_truncate"),
    ]

    operations = [migrations.RunPython(without_values, migrations.RunPython.noop)]
