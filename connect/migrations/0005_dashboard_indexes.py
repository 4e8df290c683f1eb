from django.db import migrations, models
from django.db.models import F, OrderBy, Q


class Migration(migrations.Migration):

    dependencies = [
        ("connect", "0004_versions_never_change"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(condition=Q(("offboarded_at", None)), fields=["stage", "blocked_at"], name="connection_funnel"),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(condition=Q(("stage", "live")), fields=["state", "seen_at"], name="connection_health"),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(condition=Q(("offboarded_at", None)), fields=["waiting_on", "stage_since"], name="connection_waits"),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(OrderBy(F("live_at"), descending=True), condition=Q(("live_at__isnull", False)), name="connection_went_live"),
        ),
        migrations.AddIndex(
            model_name="mapping",
            index=models.Index(condition=Q(("rows_failed__gt", 0)), fields=["object_name", "rows_failed"], name="mapping_failed"),
        ),
    ]
