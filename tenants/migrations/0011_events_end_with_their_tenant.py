"""The database deletes an event only with its tenant: after an erasure, or long after the end."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION tenants_event_may_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM tenants_erasure WHERE tenant_number = OLD.tenant_id) OR EXISTS (
        SELECT 1 FROM tenants_tenant
        WHERE id = OLD.tenant_id AND offboarded_at < now() - interval '30 days'
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER append_only ON tenants_event;
CREATE TRIGGER append_only BEFORE UPDATE ON tenants_event
    FOR EACH ROW EXECUTE FUNCTION tenants_event_is_append_only();
CREATE TRIGGER ends_with_its_tenant BEFORE DELETE ON tenants_event
    FOR EACH ROW EXECUTE FUNCTION tenants_event_may_go();

CREATE FUNCTION tenants_erasure_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'records of erasures are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tenants_erasure
    FOR EACH ROW EXECUTE FUNCTION tenants_erasure_is_append_only();
"""
BACKWARD = """
DROP TRIGGER append_only ON tenants_erasure;
DROP FUNCTION tenants_erasure_is_append_only();
DROP TRIGGER ends_with_its_tenant ON tenants_event;
DROP TRIGGER append_only ON tenants_event;
DROP FUNCTION tenants_event_may_go();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tenants_event
    FOR EACH ROW EXECUTE FUNCTION tenants_event_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_erasures")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
