from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connect', '0032_first_host_app'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='connection',
            constraint=models.CheckConstraint(condition=models.Q(('addon_requested_at', None), ('host_app__isnull', False), _connector='OR'), name='addon_has_a_host_app'),
        ),
    ]
