"""Every add-on that there is belongs to the app that all of them were made on."""

from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.models import Q
from django.utils import timezone


def adopt(apps: Any, schema_editor: Any) -> None:
    """Make the first host app and give it to all that was ordered. Nothing on a new database."""
    connections = apps.get_model("connect", "Connection").objects
    # Some rows of old versions have an add-on without the time of its order.
    ordered = Q(addon_requested_at__isnull=False) | ~Q(addon_id="") | ~Q(connection_id="")
    if not connections.exists():
        return
    host, _ = apps.get_model("connect", "HostApp").objects.get_or_create(
        name=settings.HEROKU_CONNECT_APP,
        defaults={"config_var": settings.HEROKU_CONNECT_DB_KEY, "ready_at": timezone.now()},
    )
    connections.filter(ordered).update(host_app=host)
    apps.get_model("connect", "Discrepancy").objects.update(host_app=host)


class Migration(migrations.Migration):
    dependencies = [("connect", "0031_host_apps")]
    operations = [migrations.RunPython(adopt, migrations.RunPython.noop)]
