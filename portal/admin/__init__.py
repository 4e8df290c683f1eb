"""The staff's admin: one module per app. Importing this package registers every page."""

from portal.admin.pages import (
    bulk,
    connect,
    drift,
    health,
    mappings,
    queue,
    rollouts,
    staff,
    switches,
    tenants,
    write_errors,
)

__all__ = [
    "bulk",
    "connect",
    "drift",
    "health",
    "mappings",
    "queue",
    "rollouts",
    "staff",
    "switches",
    "tenants",
    "write_errors",
]
