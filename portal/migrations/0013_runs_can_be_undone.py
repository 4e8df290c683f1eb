import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0012_preferences'),
    ]

    operations = [
        migrations.AddField(
            model_name='bulkrun',
            name='undoes',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='undone_by', to='portal.bulkrun'),
        ),
        migrations.AddField(
            model_name='bulkitem',
            name='options',
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name='bulkitem',
            name='before',
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AlterField(
            model_name='bulkitem',
            name='status',
            field=models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('started', 'Started'), ('done', 'Done'), ('partly', 'Partly done'), ('skipped', 'Skipped'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='waiting', max_length=10),
        ),
        migrations.AddIndex(
            model_name='bulkitem',
            index=models.Index(condition=Q(('status', 'started')), fields=['run'], name='bulk_item_started'),
        ),
    ]
