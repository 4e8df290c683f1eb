from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connect', '0036_when_staff_paused'),
    ]

    operations = [
        migrations.CreateModel(
            name='BudgetHour',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('peer', models.CharField(max_length=80)),
                ('hour', models.DateTimeField(help_text='Its beginning.')),
                ('fewest', models.IntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('hour', 'peer'), name='one_budget_an_hour')],
            },
        ),
    ]
