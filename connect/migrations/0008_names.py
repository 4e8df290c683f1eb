"""Columns and texts get the words of the glossary: renames and labels, no row is rewritten."""

import django.core.validators
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connect', '0007_gone_and_snoozed'),
    ]

    operations = [
        migrations.AlterField(
            model_name='rolloutitem',
            name='attempts',
            field=models.PositiveIntegerField(default=0, help_text='Attempts since the last success. Counted before the work.'),
        ),
        migrations.RenameField('incident', 'sights', 'observation_count'),
        migrations.RenameField('incident', 'away_since', 'absent_since'),
        migrations.RenameField('diagnosis', 'trouble', 'error'),
        migrations.RemoveConstraint("webhooknotice", "told_once_by_webhook"),
        migrations.AddConstraint(
            "webhooknotice",
            models.UniqueConstraint(fields=["incident", "what"], name="one_webhook_alert_a_change"),
        ),
        migrations.AlterField(
            model_name='connection',
            name='attempts',
            field=models.PositiveIntegerField(default=0, help_text='Attempts since the last success. Counted before the work.'),
        ),
        migrations.AlterField(
            model_name='connection',
            name='paused_until',
            field=models.DateTimeField(blank=True, help_text='At this time the portal resumes it.', null=True),
        ),
        migrations.AlterField(
            model_name='connection',
            name='snoozed_until',
            field=models.DateTimeField(blank=True, help_text='No alerts are sent until this time.', null=True),
        ),
        migrations.AlterField(
            model_name='connection',
            name='state',
            field=models.CharField(blank=True, help_text="As Heroku Connect names it, unchanged.", max_length=40),
        ),
        migrations.AlterField(
            model_name='drift',
            name='changes',
            field=models.JSONField(default=list, help_text='The changes that would restore the version.'),
        ),
        migrations.AlterField(
            model_name='drift',
            name='since',
            field=models.DateTimeField(default=django.utils.timezone.now, help_text='When this state began.'),
        ),
        migrations.AlterField(
            model_name='drift',
            name='state',
            field=models.CharField(choices=[('same', 'Same as its version'), ('drifted', 'Drifted'), ('accepted', 'Accepted exception'), ('unknown', 'Could not be compared')], db_index=True, default='unknown', max_length=10),
        ),
        migrations.AlterField(
            model_name='health',
            name='paused_by',
            field=models.CharField(blank=True, help_text='The user who paused it in the portal.', max_length=150),
        ),
        migrations.AlterField(
            model_name='rollout',
            name='canary_size',
            field=models.PositiveIntegerField(default=5, help_text='They go first. The others wait until all of them have ended.', verbose_name='canary tenants'),
        ),
        migrations.AlterField(
            model_name='rollout',
            name='failure_limit',
            field=models.PositiveSmallIntegerField(default=10, help_text='It pauses automatically when more than this share of a wave has failed.', validators=[django.core.validators.MaxValueValidator(100)], verbose_name='failure limit in %'),
        ),
        migrations.AlterField(
            model_name='rollout',
            name='hold_after_canary',
            field=models.BooleanField(default=False, help_text='Until staff press “Resume”.', verbose_name='pause after the canary'),
        ),
        migrations.AlterField(
            model_name='rollout',
            name='prune',
            field=models.CharField(choices=[('keep', 'Delete nothing'), ('removed', "Delete the objects that are in the tenant's old version and not in the new one"), ('all', 'Delete every object that is not in the new version')], default='keep', max_length=8),
        ),
        migrations.AlterField(
            model_name='rolloutitem',
            name='excused',
            field=models.BooleanField(default=False, help_text='Staff resumed the roll-out despite this failure.'),
        ),
        migrations.AlterField(
            model_name='rolloutitem',
            name='revisions',
            field=models.JSONField(default=dict, help_text='Revisions of the mappings before the import.'),
        ),
        migrations.AlterField(
            model_name='rolloutitem',
            name='sent_at',
            field=models.DateTimeField(help_text='When the import or the pause was requested.', null=True),
        ),
        migrations.AlterField(
            model_name='rolloutitem',
            name='verdict',
            field=models.TextField(blank=True, help_text='Why it fails, after the connection has been resumed.'),
        ),
        migrations.AlterField(
            model_name='rolloutitem',
            name='was_paused',
            field=models.BooleanField(default=False, help_text='It was paused before, so it stays paused.'),
        ),
        migrations.AlterField(
            model_name='writeerror',
            name='cause',
            field=models.CharField(help_text="Salesforce's message without ids, numbers and names.", max_length=300),
        ),
    ]
