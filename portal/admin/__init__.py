"""The staff's admin: one module per app. Importing this package registers every page."""

from portal.admin import connect, queue, staff, switches, tenants

__all__ = ["connect", "queue", "staff", "switches", "tenants"]
