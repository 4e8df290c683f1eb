"""The staff's front door, and the Django project: admin, dashboard, roles, settings, worker."""
