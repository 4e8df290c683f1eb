"""Digests of recipients are salted, and the database refuses to empty the timeline at once."""

from django.db import migrations
from django.utils.crypto import salted_hmac

FORWARD = """
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON tenants_event
    FOR EACH STATEMENT EXECUTE FUNCTION tenants_event_is_append_only();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON tenants_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION tenants_erasure_is_append_only();
"""
BACKWARD = """
DROP TRIGGER no_truncate ON tenants_event;
DROP TRIGGER no_truncate ON tenants_erasure;
"""


def salt(apps, _editor):
    stopped = apps.get_model("tenants", "StoppedRecipient").objects
    for row in list(stopped.all()):
        salted = salted_hmac("tenants.recipients", row.digest, algorithm="sha256").hexdigest()
        stopped.filter(pk=row.pk).update(digest=salted)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0011_events_end_with_their_tenant")]

    operations = [
        migrations.RunPython(salt, migrations.RunPython.noop),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
