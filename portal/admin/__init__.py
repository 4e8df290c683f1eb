"""The staff's admin: one module per app. Importing this package registers every page."""

from portal.admin import connect, health, queue, social, staff, switches, tenants, writes

__all__ = ["connect", "health", "queue", "social", "staff", "switches", "tenants", "writes"]
