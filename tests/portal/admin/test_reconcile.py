"""Staff compare, adopt and delete on the page, and operators by `manage.py reconcile`."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from connect import addons
from connect.clients import heroku
from connect.clients.accounts import App
from connect.models import Connection, Discrepancy, Reconciliation
from portal import bulk
from portal.models import BulkItem, BulkRun
from tenants.models import Tenant
from tests import cast

pytestmark = pytest.mark.django_db
LIST = "admin:connect_discrepancy_changelist"
ACT = "admin:connect_discrepancy_act"


def order(name: str) -> None:
    heroku.create_addon(App("multiconnect-test"), "herokuconnect:demo", name, f"HC_{name[-1]}")


def press(client: Client, action: str, row: Discrepancy, **answers: str) -> BulkItem:
    """Answer an action's question, and let the worker do it."""
    answers = {"confirmed": "yes", **answers}
    client.post(reverse(ACT, args=[row.pk, action]), answers)
    run = BulkRun.objects.latest("pk")
    bulk.work_off(run.pk)
    return run.items.get()


def test_a_press_compares_and_its_result_is_a_row(emulator: Any, operator: Client) -> None:
    order("strange-1")
    operator.post(reverse("admin:connect_discrepancy_act_on_all", args=["compare"]))
    run = BulkRun.objects.get()
    bulk.work_off(run.pk)
    assert run.items.get().text == "1 add-on compared, 1 difference."
    assert Reconciliation.objects.get().actor == "olga"
    page = operator.get(reverse(LIST)).content.decode()
    assert "strange-1" in page
    assert "It costs money" in page


def test_an_empty_list_says_how_long_ago_all_was_compared(emulator: Any, operator: Client) -> None:
    assert "Nothing was compared yet." in operator.get(reverse(LIST)).content.decode()
    operator.post(reverse("admin:connect_discrepancy_act_on_all", args=["compare"]))
    bulk.work_off(BulkRun.objects.get().pk)
    page = operator.get(reverse(LIST)).content.decode()
    assert re.search(r'<p><time class="moment"[^>]+>[^<]+ ago</time>: 0 add-ons', page)


def test_the_org_that_nobody_knows_is_named_by_the_one_who_adopts(
    emulator: Any, operator: Client
) -> None:
    order(addons.name_for(cast.DUNE["org_id"], 1))
    with pytest.raises(CommandError, match="1 are left"):
        call_command("reconcile", "--adopt", stdout=StringIO())
    row = Discrepancy.objects.get()
    page = operator.get(reverse(ACT, args=[row.pk, "adopt"])).content.decode()
    assert "Its admin&#x27;s e-mail" in page or "Its admin's e-mail" in page
    item = press(operator, "adopt", row, name="Dune", admin_email="it@dune.example")
    assert item.status == "done", item.text
    assert Tenant.objects.get().admin_email == "it@dune.example"
    assert Connection.objects.get().addon_name == row.addon_name


def test_only_a_manager_deletes_an_add_on(emulator: Any, operator: Client, manager: Client) -> None:
    order("strange-1")
    with pytest.raises(CommandError):
        call_command("reconcile", stdout=StringIO())
    row = Discrepancy.objects.get()
    assert operator.post(reverse(ACT, args=[row.pk, "delete_addon"])).status_code == 403
    assert emulator.addons()
    item = press(manager, "delete_addon", row)
    assert item.status == "done", item.text
    assert not emulator.addons()


def test_the_dashboard_names_what_differs(emulator: Any, operator: Client) -> None:
    order("strange-1")
    with pytest.raises(CommandError):
        call_command("reconcile", stdout=StringIO())
    page = operator.get(reverse("admin:index")).content.decode()
    assert "Heroku and the portal differ" in page
    order_of_list = operator.get(reverse(LIST), {"attention": "differs_at_heroku"})
    assert b"strange-1" in order_of_list.content


def test_the_command_says_that_all_is_well_and_what_kept_it_from_looking(emulator: Any) -> None:
    output = StringIO()
    call_command("reconcile", stdout=output)
    assert output.getvalue() == "0 add-ons compared, 0 differences.\n"
    emulator.fail("heroku", path="/addons", status=401, body={"message": "No."})
    with pytest.raises(CommandError, match="Not everything was compared"):
        call_command("reconcile", stdout=output)
