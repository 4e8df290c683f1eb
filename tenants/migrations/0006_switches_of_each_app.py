from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0005_gone_and_lost'),
    ]

    operations = [
        migrations.AlterField(
            model_name='switch',
            name='name',
            field=models.CharField(max_length=20, primary_key=True, serialize=False),
        ),
        migrations.AlterField(
            model_name='message',
            name='key',
            field=models.CharField(help_text='Unique: a second message with this key is not stored.', max_length=200, unique=True),
        ),
    ]
