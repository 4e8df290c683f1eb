from django.db import migrations

# Those for which connect.health.healing does nothing need a person from the beginning.
_NEED_A_PERSON = """
UPDATE connect_incident SET needs_person_since = opened_at
WHERE status = 'open' AND needs_person_since IS NULL AND kind NOT IN
    ('unauthorized', 'grant_lost', 'system_error', 'db_unavailable', 'heroku_unauth', 'region')
"""


class Migration(migrations.Migration):

    dependencies = [
        ('connect', '0013_waiting_since'),
    ]

    operations = [
        migrations.RunSQL(_NEED_A_PERSON, migrations.RunSQL.noop),
    ]
