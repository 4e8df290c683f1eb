"""When a tenant's trouble is expected, so that nobody is told of it."""

from django.utils import timezone

from connect.health import observations
from connect.models import Connection


def is_quiet(connection: Connection) -> bool:
    """Tell whether no incident of this connection is opened or told now."""
    on_purpose = connection.is_paused_on_purpose(timezone.now())
    return on_purpose or bool(observations.of(connection).paused_by)
