"""The staff's admin: one module per app. Importing this package registers every page."""

from portal.admin import bulk, connect, queue, staff, switches, tenants

__all__ = ["bulk", "connect", "queue", "staff", "switches", "tenants"]
