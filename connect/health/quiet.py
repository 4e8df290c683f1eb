"""When a tenant's trouble is expected, so that nobody is told of it."""

from connect.health import observations
from connect.models import Connection


def is_quiet(connection: Connection) -> bool:
    """Tell whether no incident of this connection is opened or told now."""
    return bool(observations.of(connection).paused_by)
