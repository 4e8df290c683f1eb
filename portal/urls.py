"""Every address of the portal."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

import portal.admin.pages  # noqa: F401  (registers them)
from portal import runbook
from portal.admin.pages.worklist import views as worklist
from portal.dashboard import views as dashboard
from portal.dashboard.fleet import page as fleet
from portal.doctor import page as setup
from portal.find import views as find
from portal.integrations.api import views as api
from portal.preferences import page as preferences
from portal.project import mail_webhooks, metrics, probes

# All pages are imported here and not when Django starts: the worker needs none of the admin.
admin.autodiscover()

urlpatterns = [
    path("", dashboard.home, name="home"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", metrics.page, name="metrics"),
    # Before Django's own addresses, whose index it replaces.
    path("admin/", admin.site.admin_view(dashboard.index)),
    path("admin/dashboard/", admin.site.admin_view(dashboard.cards), name="dashboard"),
    path("admin/fleet/", admin.site.admin_view(fleet.show), name="fleet"),
    path("admin/find/", admin.site.admin_view(find.page), name="find"),
    path("admin/find/options/", admin.site.admin_view(find.options), name="find-options"),
    path("admin/account/preferences/", admin.site.admin_view(preferences.page), name="preferences"),
    path("admin/attention/", admin.site.admin_view(worklist.index), name="worklist"),
    path("admin/attention/rows/", admin.site.admin_view(worklist.rows), name="worklist-rows"),
    path("admin/attention/act/", admin.site.admin_view(worklist.act), name="worklist-act"),
    path("admin/runbook/", admin.site.admin_view(runbook.show), name="runbook"),
    path("admin/setup/", admin.site.admin_view(setup.show), name="setup"),
    path("admin/", include("portal.door.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/openapi.json", api.openapi, name="api-document"),
    path("api/v1/tenants", api.tenants, name="api-tenants"),
    path("api/v1/tenants/<str:org_id>", api.tenant, name="api-tenant"),
    path("api/v1/health", api.health, name="api-health"),
    path("", include("tenants.urls")),
    path("", include("connect.urls")),
    *mail_webhooks.patterns(settings.EMAIL_BACKEND, settings.ANYMAIL),
]
handler429 = "portal.project.failures.too_many"  # allauth looks it up here
handler400 = "portal.project.failures.bad_request"
handler403 = "portal.project.failures.forbidden"
handler404 = "portal.project.failures.not_found"
handler500 = "portal.project.failures.broken"
