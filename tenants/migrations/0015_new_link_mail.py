from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0014_owners_and_notes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='message',
            name='kind',
            field=models.CharField(choices=[('sign_in', 'Please sign in'), ('authorize', 'Please authorize Heroku Connect'), ('live', 'You are live'), ('sign_in_reminder', 'Reminder: please sign in'), ('authorize_reminder', 'Reminder: please authorize Heroku Connect'), ('blocked', 'Staff alert: a tenant is blocked'), ('portal', 'Staff alert: the portal needs attention'), ('authorize_again', 'Please authorize again'), ('incident', 'Staff alert: sync incident'), ('new_link', 'Your new link')], max_length=20),
        ),
    ]
