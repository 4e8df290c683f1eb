"""The staff's admin: one module per app. Importing this package registers every page."""

from portal.admin import (
    bulk,
    connect,
    drift,
    health,
    mappings,
    queue,
    rollouts,
    social,
    staff,
    switches,
    tenants,
    writes,
)

__all__ = [
    "bulk",
    "connect",
    "drift",
    "health",
    "mappings",
    "queue",
    "rollouts",
    "social",
    "staff",
    "switches",
    "tenants",
    "writes",
]
