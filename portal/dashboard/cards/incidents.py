"""What lasts and is wrong: the open incidents, the oldest first."""

from datetime import datetime
from typing import Any

from connect.models import Incident, IncidentStatus
from tenants.batching import Asking, batched

MAX_SHOWN = 10


@batched
def read(now: datetime) -> Asking[dict[str, Any]]:
    """One query."""
    opened = Incident.objects.filter(status=IncidentStatus.OPEN).order_by("suspected_at", "pk")
    # One more than is shown tells whether there are more, without counting them.
    (found,) = yield [opened.select_related("connection__tenant")[: MAX_SHOWN + 1]]
    return {"incidents": found[:MAX_SHOWN], "more": len(found) > MAX_SHOWN}
