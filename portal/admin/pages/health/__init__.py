"""What staff see of health, one module for each kind of row. Importing it registers the pages."""

from portal.admin.pages.health import diagnoses, incidents, notifications, sync

__all__ = ["diagnoses", "incidents", "notifications", "sync"]
