"""The database itself refuses to change a mapping version: tenants run on it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION connect_version_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a mapping version never changes: add the next one'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER never_changes BEFORE UPDATE OF version, document ON connect_mappingtemplate
    FOR EACH ROW
    WHEN (OLD.version <> NEW.version OR OLD.document IS DISTINCT FROM NEW.document)
    EXECUTE FUNCTION connect_version_never_changes();
"""
BACKWARD = """
DROP TRIGGER never_changes ON connect_mappingtemplate;
DROP FUNCTION connect_version_never_changes();
"""


class Migration(migrations.Migration):
    dependencies = [("connect", "0003_mapping_versions")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
