from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('social', '0002_help_texts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='collectionrun',
            name='outcome',
            field=models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('partial', 'Partly done'), ('failed', 'Failed'), ('interrupted', 'Interrupted')], db_index=True, default='running', max_length=12),
        ),
    ]
