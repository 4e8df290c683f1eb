from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connect', '0025_no_example_of_a_write'),
        ('tenants', '0012_digests_and_truncate'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='discrepancy',
            name='acting_until',
        ),
        migrations.AddField(
            model_name='connection',
            name='lease_holder',
            field=models.CharField(blank=True, db_default='', default='', max_length=100),
        ),
        migrations.AddField(
            model_name='connection',
            name='renewals',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='How often that wait began again since the last success or press of staff.'),
        ),
        migrations.AddField(
            model_name='discrepancy',
            name='lease',
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='discrepancy',
            name='lease_expires_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='discrepancy',
            name='lease_holder',
            field=models.CharField(blank=True, db_default='', default='', max_length=100),
        ),
        migrations.AddField(
            model_name='rolloutitem',
            name='renewals',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='How often that wait began again since the last success or press of staff.'),
        ),
        migrations.AddIndex(
            model_name='connection',
            index=models.Index(condition=models.Q(('lease_holder', ''), _negated=True), fields=['lease_holder'], name='connection_held'),
        ),
    ]
