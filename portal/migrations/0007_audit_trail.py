"""The audit trail, which the database itself refuses to change; see docs/adr/0010."""

import django.utils.timezone
from django.db import migrations, models


FORWARD = """
CREATE FUNCTION portal_auditentry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '400 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON portal_auditentry
    FOR EACH ROW EXECUTE FUNCTION portal_auditentry_is_append_only();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON portal_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION portal_auditentry_is_append_only();
"""
BACKWARD = """
DROP TRIGGER append_only ON portal_auditentry;
DROP TRIGGER no_truncate ON portal_auditentry;
DROP FUNCTION portal_auditentry_is_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0006_deliveries'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='when')),
                ('kind', models.CharField(choices=[('signed_in', 'Signed in'), ('sign_in_failed', 'Sign-in failed'), ('sign_in_refused', 'Sign-in refused'), ('signed_out', 'Signed out'), ('proven', 'Proved again who it is'), ('factor', 'Second factor or password changed'), ('denied', 'Request denied'), ('staff_changed', 'Staff or role changed'), ('saved', 'Saved'), ('pressed', 'Action'), ('exported', 'Exported')], max_length=20)),
                ('actor', models.CharField(blank=True, db_index=True, max_length=150, verbose_name='who')),
                ('address', models.GenericIPAddressField(blank=True, null=True, verbose_name='from where')),
                ('what', models.CharField(max_length=255)),
                ('about', models.CharField(blank=True, max_length=255)),
                ('result', models.TextField(blank=True)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit trail',
                'ordering': ['-pk'],
                'indexes': [models.Index(fields=['kind', '-at'], name='audit_kind')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
