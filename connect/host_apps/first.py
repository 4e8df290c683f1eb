"""The first host app, from the settings."""

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from connect import databases
from connect.models import HostApp


def ensure_first() -> HostApp | None:
    """Make the host app of HEROKU_CONNECT_APP if there is none at all; return it if it is new."""
    if HostApp.objects.exists():
        return None
    return HostApp.objects.create(
        name=settings.HEROKU_CONNECT_APP,
        database=_database(),
        config_var=settings.HEROKU_CONNECT_DB_KEY,
        # Not checked: a release makes no calls. What is missing shows at the first add-on.
        ready_at=timezone.now(),
    )


def _database() -> str:
    """Return the tenants' one database, or the portal's own where there are none or several."""
    others = [name for name in databases.names() if name != DEFAULT_DB_ALIAS]
    return others[0] if len(others) == 1 else DEFAULT_DB_ALIAS
