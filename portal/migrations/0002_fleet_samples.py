import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("portal", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="FleetSample",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("well", models.PositiveIntegerField()),
                ("busy", models.PositiveIntegerField()),
                ("paused", models.PositiveIntegerField()),
                ("unseen", models.PositiveIntegerField()),
                ("broken", models.PositiveIntegerField()),
                ("rows_failed", models.BigIntegerField()),
            ],
            options={"ordering": ["-at"]},
        ),
    ]
