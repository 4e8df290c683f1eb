"""The same models in Django's admin as it comes: the least that a list of them could be."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.test import override_settings
from django.urls import path

from connect.models import Connection
from portal import urls
from tenants.models import Tenant

NAME = "plain"
PER_PAGE = 50  # as many rows as the portal's lists


class _Tenants(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "org_id", "admin_email", "environment", "registered_at")
    list_per_page = PER_PAGE


class _Connections(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("tenant", "stage", "state", "host_app", "live_at")
    list_select_related = ("tenant", "host_app")
    list_per_page = PER_PAGE


PLAIN: dict[type[Model], Any] = {Tenant: _Tenants, Connection: _Connections}


def add() -> None:
    """Give it addresses beside the portal's, before the first request."""
    site = admin.AdminSite(NAME)
    for model, how in PLAIN.items():
        site.register(model, how)
    urls.urlpatterns.append(path("plain/", site.urls))


def with_its_templates(act: Callable[[], float]) -> Callable[[], float]:
    """Let Django's own templates come before the portal's during a call."""
    changed = deepcopy(settings.TEMPLATES)
    changed[0]["DIRS"] = [Path(admin.__file__).parent / "templates"]
    return override_settings(TEMPLATES=changed)(act)
