"""The addresses of the staff's pages that e-mails of lower apps link to."""

from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Model
from django.urls import reverse

from tenants.addresses import Address, register


def staff_url(row: Model | None) -> str:
    """Return the address of a row's page in the admin, or of the dashboard without a row."""
    if row is None:
        return settings.PORTAL_URL + reverse("admin:index")
    view = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return settings.PORTAL_URL + reverse(view, args=[row.pk])


def work_url(row: Model) -> str:
    """Return the address of a row of the worklist. Its page also says if the row needs nobody."""
    named = urlencode({"row": f"{row._meta.model_name}-{row.pk}"})
    return f"{settings.PORTAL_URL}{reverse('worklist')}?{named}"


def runbook_url(row: Model | None, *, entry: str) -> str:
    """Return the address of an entry of the runbook."""
    return f"{settings.PORTAL_URL}{reverse('runbook')}#{entry}"


# Lower apps may not import this one, so they ask for an address by its name.
register(Address.STAFF, staff_url)
register(Address.WORK, work_url)
register(Address.RUNBOOK, runbook_url)
