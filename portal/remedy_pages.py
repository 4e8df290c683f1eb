"""The addresses of the pages on which remedies are done: the portal's own, and those of Heroku."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from connect.remedies import Page
from portal import heroku_pages
from portal.heroku_pages import Site
from tenants.models import Tenant


def address(page: Page, tenant: Tenant, host: str = "") -> str:
    """Return the address of a remedy's page for a tenant.

    `host` is the app that owns its add-on; else it is looked up where it is needed.
    """
    return _ADDRESSES[page](tenant, host)


_Address = Callable[[Tenant, str], str]


def _list(model: str) -> _Address:
    # Every list is searched by the org id.
    return lambda tenant, host: (
        f"{reverse(f'admin:connect_{model}_changelist')}?{urlencode({'q': tenant.org_id})}"
    )


def _of_app(part: str) -> _Address:
    return lambda tenant, host: heroku_pages.address(
        Site.DASHBOARD, f"apps/{host or _host_of(tenant)}/{part}"
    )


def _host_of(tenant: Tenant) -> str:
    """Return the app that owns the tenant's add-on, else the first that new ones are made on."""
    placed = tenant.connections.filter(host_app__isnull=False).order_by("-generation")
    return placed.values_list("host_app__name", flat=True).first() or settings.HEROKU_CONNECT_APP


_ADDRESSES: dict[Page, _Address] = {
    Page.WRITE_ERRORS: _list("writeerror"),
    Page.MAPPINGS: _list("mapping"),
    Page.DRIFT: _list("drift"),
    Page.HOST_APPS: lambda tenant, host: reverse("admin:connect_hostapp_changelist"),
    Page.ADDON_DAYS: lambda tenant, host: reverse("admin:connect_addonday_changelist"),
    Page.MAPPING_VERSIONS: lambda tenant, host: reverse("admin:connect_mappingtemplate_changelist"),
    Page.ADMIN_MAIL: lambda tenant, host: f"mailto:{tenant.admin_email}",
    Page.HEROKU_SETTINGS: _of_app("settings"),
    Page.HEROKU_ADDONS: _of_app("resources"),
    Page.HEROKU_ACCESS: _of_app("access"),
    Page.HEROKU_STATUS: lambda tenant, host: heroku_pages.address(Site.STATUS),
    Page.QUEUE: lambda tenant, host: reverse("admin:django_q_ormq_changelist"),
    Page.HEROKU_SUPPORT: lambda tenant, host: heroku_pages.ticket(),
}
