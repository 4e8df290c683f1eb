"""The staff's admin: one module per app. Importing this package registers every page."""

from portal.admin import (
    bulk,
    connect,
    health,
    queue,
    social,
    staff,
    switches,
    tenants,
    writes,
)

__all__ = [
    "bulk",
    "connect",
    "health",
    "queue",
    "social",
    "staff",
    "switches",
    "tenants",
    "writes",
]
