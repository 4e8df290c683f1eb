from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from portal.project import checks  # noqa: F401  (registers the system checks)


class PortalAdminConfig(AdminConfig):
    """Django's admin with our site, named by a string because no model is loaded yet."""

    default_site = "portal.site.StaffDesk"
