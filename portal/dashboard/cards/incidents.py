"""What the watch over the fleet found: incidents, and who went longest without a good sync."""

from datetime import datetime
from typing import Any

from portal.admin.pages import health_panel


def read(user: Any, now: datetime) -> dict[str, Any]:
    """A few queries, however many tenants there are."""
    return {"fleet": health_panel.of_fleet()}
