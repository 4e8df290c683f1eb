from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0013_runs_can_be_undone'),
    ]

    operations = [
        migrations.CreateModel(
            name='DashboardSnapshot',
            fields=[
                ('zone', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('pressed', models.BigIntegerField()),
                ('claimed_at', models.DateTimeField()),
                ('content', models.TextField()),
            ],
        ),
    ]
