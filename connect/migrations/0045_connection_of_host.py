from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connect", "0044_hyphens_of_names"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(
                condition=models.Q(("offboarded_at", None)),
                fields=["host_app"],
                include=("id", "generation", "monthly_cents", "addon_requested_at", "stage"),
                name="connection_of_host",
            ),
        ),
    ]
