"""A row's page renews itself while the worker does what was pressed, and its state with it."""

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from connect.models import HostApp, Stage
from portal.actions import action as registry
from portal.actions.action import Work
from portal.admin.kit.actions import ActionsAdmin
from portal.looks import HEADER
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tenants.models import Tenant
from tests import cast
from tests.portal.admin import clicks, rows, walk

pytestmark = pytest.mark.django_db


def pressed(client: Client) -> str:
    """Press a button of a host app; return the address of its page, which was not shown since."""
    page = walk.page(HostApp, "change", cast.host_app().pk)
    clicks.offered(client, page, "Check").click(client)
    return page


def test_every_page_whose_actions_the_worker_does_follows_them() -> None:
    for model in registry.models():
        if any(isinstance(each.how, Work) for each in registry.of(model).values()):
            assert isinstance(admin.site._registry[model], ActionsAdmin), model


def test_a_page_follows_a_press_and_shows_the_state_that_is_then(manager: Client) -> None:
    page = pressed(manager)
    html = manager.get(page).content.decode()
    assert f'data-live="{page}" data-live-every="2"' in html
    assert '<div id="fields-0" data-live-part>' in html  # its badge stands there
    assert '<div id="fields-1">' in html  # somebody may be typing there
    BulkItem.objects.update(status=BulkItemStatus.DONE)
    assert 'data-live-every="0"' in manager.get(page).content.decode()


def test_the_page_of_a_live_tenant_rests_again_when_what_was_pressed_is_done(
    operator: Client,
) -> None:
    acme = rows.connection(cast.enrol(cast.ACME), stage=Stage.LIVE).tenant
    page = walk.page(Tenant, "change", acme.pk)
    clicks.offered(operator, page, "Assign to me").click(operator)
    assert 'data-live-every="2"' in operator.get(page).content.decode()
    BulkItem.objects.update(status=BulkItemStatus.DONE)
    assert 'data-live-every="5"' in operator.get(page).content.decode()


def test_a_look_takes_no_message_away_and_asks_for_no_menu(manager: Client) -> None:
    page = pressed(manager)
    look = manager.get(page, headers={HEADER: ""}).content.decode()
    assert 'id="row-actions" data-live-part' in look
    assert "is queued for" not in look
    assert 'id="navigation"' not in look
    assert "is queued for" in manager.get(page).content.decode()


def test_what_is_undone_from_a_page_that_has_renewed_itself_leads_back_to_it(
    operator: Client,
) -> None:
    acme = rows.connection(cast.enrol(cast.ACME)).tenant
    page = walk.page(Tenant, "change", acme.pk)
    clicks.offered(operator, page, "Assign to me").click(operator)
    BulkItem.objects.update(status=BulkItemStatus.DONE)
    BulkRun.objects.update(finished_at=timezone.now())
    for address in (page, walk.page(Tenant, "live", acme.pk)):
        assert f"/undo/?back={page}" in operator.get(address).content.decode()
