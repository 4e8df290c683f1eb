"""The table of the cache "shared" (settings.CACHES), so that `migrate` alone makes it."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    call_command(
        "createcachetable", "portal_shared_cache", database=schema_editor.connection.alias, verbosity=0
    )


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0013_runs_can_be_undone'),
    ]

    operations = [
        migrations.RunPython(
            create, lambda apps, schema_editor: schema_editor.execute("DROP TABLE portal_shared_cache")
        ),
    ]
