from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connect", "0040_names_of_fields"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["suspected_at", "id"],
                name="incident_oldest",
            ),
        ),
    ]
