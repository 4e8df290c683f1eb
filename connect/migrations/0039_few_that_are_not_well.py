from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connect", "0038_offboarding_with_grace"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(
                condition=models.Q(("paused_until__isnull", False)),
                fields=["paused_until"],
                name="connection_paused",
            ),
        ),
        migrations.AddIndex(
            model_name="drift",
            index=models.Index(
                condition=models.Q(("state", "drifted")),
                fields=["connection"],
                name="drift_drifted",
            ),
        ),
    ]
