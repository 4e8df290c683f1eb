from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from portal.project import checks  # noqa: F401  (registers the system checks)

        # Each app registers what staff can press in a module of its own, as it does for the admin.
        autodiscover_modules("actions")


class PortalAdminConfig(AdminConfig):
    """Django's admin with our site, named by a string because no model is loaded yet."""

    default_site = "portal.site.AdminSite"
