"""When problems are expected, so that no alert is sent."""

from django.utils import timezone

from connect.health import observations
from connect.models import Connection


def are_alerts_suppressed(connection: Connection) -> bool:
    """Return whether incidents of this connection are suppressed, because staff paused it."""
    # A timed pause is stored on the connection, one without an end on its health.
    on_purpose = connection.is_paused_on_purpose(timezone.now())
    return on_purpose or bool(observations.of(connection).paused_by)
