"""The database itself refuses to change or remove an event."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION tenants_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tenants_event
    FOR EACH ROW EXECUTE FUNCTION tenants_event_is_append_only();
"""
BACKWARD = """
DROP TRIGGER append_only ON tenants_event;
DROP FUNCTION tenants_event_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
