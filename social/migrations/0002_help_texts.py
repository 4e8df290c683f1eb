from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('social', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='collectionrun',
            name='posts_dropped',
            field=models.PositiveIntegerField(default=0, help_text='Returned by X without an author or a text.'),
        ),
        migrations.AlterField(
            model_name='collectionrun',
            name='recount',
            field=models.BooleanField(default=False, help_text="Searched the day's posts again, to update their likes."),
        ),
        migrations.AlterField(
            model_name='handle',
            name='cursor',
            field=models.BigIntegerField(help_text='Posts up to this id have been searched.', null=True),
        ),
        migrations.AlterField(
            model_name='post',
            name='changed_in',
            field=models.BigIntegerField(help_text='The run in which it was new or changed.'),
        ),
    ]
