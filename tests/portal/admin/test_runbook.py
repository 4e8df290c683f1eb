"""The runbook's page: an address for each entry, and the pages and mails that lead there."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from connect import runbook
from connect.health import alerts
from connect.models import BlockedKind, Connection, Incident, IncidentKind, IncidentStatus
from tenants.models import Message, Tenant
from tests.portal.admin import walk
from tests.portal.admin.conftest import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/runbook/"


def test_every_entry_has_its_address_on_the_page(viewer: Client) -> None:
    html = viewer.get(PAGE).content.decode()
    ids = re.findall(r'<article id="([^"]+)"', html)
    assert ids == [each.anchor for chapter in runbook.chapters() for each in chapter.entries]
    assert set(re.findall(r'href="#([a-z_-]+)"', html)) >= set(ids)


def test_a_person_without_a_role_does_not_see_it() -> None:
    client = signed_in(User.objects.create_user("nobody", is_staff=True))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE).status_code == 405


def test_a_tenants_page_leads_to_the_entry_of_its_state(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    blocked = Connection.objects.filter(blocked_at__isnull=False)
    blocked.update(blocked_kind=BlockedKind.ROW_LIMIT)
    html = viewer.get(walk.page(Tenant, "change", blocked.get().tenant_id)).content.decode()
    assert f'href="{PAGE}#blocked-row_limit"' in html


def test_an_incident_and_its_mail_lead_to_the_entry(viewer: Client) -> None:
    incident = Incident.objects.create(
        kind=IncidentKind.TOKEN, status=IncidentStatus.OPEN, text="x", opened_at=timezone.now()
    )
    page = viewer.get(walk.page(Incident, "change", incident.pk)).content.decode()
    assert f'href="{PAGE}#incident-token"' in page
    alerts.notify_opened(incident)
    assert f"Runbook: http://testserver{PAGE}#incident-token" in Message.objects.get().text
