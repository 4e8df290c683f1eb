from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.db.models.signals import pre_save
from django.utils.module_loading import autodiscover_modules

from tenants.redaction import redact


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        """Register the system checks, and what lower apps need of this one."""
        # Imported here, because models cannot be loaded before all apps are.
        from portal import addresses  # noqa: F401
        from portal.door import rotation, watch  # noqa: F401
        from portal.project import (  # noqa: F401
            connection_limits,
            deploy_rules,
            door_rules,
            integration_rules,
            mail_rules,
            setting_rules,
        )

        # Each app registers what staff can press in a module of its own, as it does for the admin.
        autodiscover_modules("actions")
        pre_save.connect(_redact_result, sender="django_q.Task")
        # A check says so where the packages are missing (portal/project/integration_rules.py).
        if settings.OTEL_EXPORTER_OTLP_ENDPOINT and integration_rules.can_trace():
            from portal.tracing import exporting

            exporting.start()


def _redact_result(instance: Any, **_kwargs: Any) -> None:
    """Hide the secrets in what is kept of a task: a failed one keeps its traceback."""
    if isinstance(instance.result, str):
        instance.result = redact(instance.result)


class PortalAdminConfig(SimpleAdminConfig):
    """Django's admin with our site, named by a string because no model is loaded yet.

    Its pages are imported with the URLs (portal/urls.py) and not here, since the worker needs none.
    """

    default_site = "portal.site.AdminSite"

    def ready(self) -> None:
        """Register Django's own checks, but import the pages first: else nothing is checked."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_pages, checks.Tags.admin)


def _check_pages(
    app_configs: Sequence[AppConfig] | None, **options: Any
) -> Sequence[checks.CheckMessage]:
    import_module(settings.ROOT_URLCONF)
    return check_admin_app(app_configs, **options)
