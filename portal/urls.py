"""Every address of the portal."""

from django.contrib import admin
from django.urls import path

from portal import probes

urlpatterns = [
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
