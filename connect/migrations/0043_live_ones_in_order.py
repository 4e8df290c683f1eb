from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connect", "0042_name_of_versions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(
                condition=models.Q(("stage", "live")), fields=["id"], name="connection_live"
            ),
        ),
    ]
