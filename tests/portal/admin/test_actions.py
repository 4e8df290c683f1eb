"""What staff do to tenants: each action from the registry, by each role and in each state."""

import re

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from connect.models import Connection, Stage
from portal import bulk, roles
from portal.actions.subject import Subject
from portal.models import BulkItem, BulkRun
from tenants.models import Event, Tenant
from tests import cast
from tests.portal.admin import rows, strangers, walk
from tests.portal.admin.conftest import NAMES, SignIn
from tests.portal.admin.pressing import (
    ACTIONS,
    ASKS,
    BOTH,
    EVERY,
    EVERY_ON_EITHER,
    answers,
    named,
    press,
    ready_for,
    row_of,
    said,
    select,
)
from tests.queue import queued

pytestmark = pytest.mark.django_db
# What an action asks that is neither a time nor about the schema. An erasure always drops it.
OWN_QUESTIONS: dict[str, set[str]] = {
    "erase": set(),
    "end_grace": set(),
    "block_org": {"note"},
    "note": {"note"},
    "hand_over": {"owner"},
    "tag": {"tag"},
    "untag": {"tag"},
}


@EVERY_ON_EITHER
@pytest.mark.parametrize("role", roles.permissions())
def test_a_role_can_do_what_the_registry_grants_it_and_nothing_else(
    sign_in: SignIn, role: str, name: str, model: type[Tenant | Connection]
) -> None:
    client, row = sign_in(role), row_of(model, ready_for(name))
    may = ACTIONS[name].permission in roles.permissions()[role]
    url = walk.page(model, "act", row.pk, name)

    assert (url in client.get(walk.page(model, "change", row.pk)).content.decode()) == may
    assert press(client, row, name).status_code == (302 if may else 403)
    select(client, [row], name, typed=named(row))
    assert [run.actor for run in BulkRun.objects.all()] == ([NAMES[role]] * 2 if may else [])


@BOTH
@pytest.mark.parametrize("role", roles.permissions())
def test_a_list_offers_what_the_registry_grants_a_role_and_nothing_else(
    sign_in: SignIn, role: str, model: type[Tenant | Connection]
) -> None:
    ready_for("refresh")
    listed = sign_in(role).get(walk.page(model, "changelist")).content.decode()
    offered = set(re.findall(r'<option value="(\w+)">', listed)) & set(ACTIONS)
    granted = roles.permissions()[role]
    assert offered == {name for name, each in ACTIONS.items() if each.permission in granted}


@EVERY_ON_EITHER
def test_strangers_are_sent_to_the_login(
    client: Client, name: str, model: type[Tenant | Connection]
) -> None:
    answer = press(client, row_of(model, ready_for(name)), name)
    assert (answer.status_code, answer["Location"][:13]) == (302, "/admin/login/")
    assert not queued()


@EVERY_ON_EITHER
def test_looking_changes_nothing(
    manager: Client, name: str, model: type[Tenant | Connection]
) -> None:
    connection = ready_for(name)
    row = row_of(model, connection)
    before = Connection.objects.values().get()
    for method in (manager.get, manager.head):
        answer = method(walk.page(model, "act", row.pk, name), answers(name, named(row)))
        assert answer.status_code == (200 if ACTIONS[name].asks else 302)
    manager.get(walk.page(model, "changelist"), {"action": name, "_selected_action": str(row.pk)})
    assert Connection.objects.values().get() == before
    assert not queued()
    assert not BulkRun.objects.exists()
    assert not Event.objects.exists()


def test_a_form_of_another_site_is_refused(five: dict[str, Tenant], superuser: Client) -> None:
    guarded = Client(enforce_csrf_checks=True)
    guarded.cookies = superuser.cookies
    assert press(guarded, five["acme"], "pause").status_code == 403
    assert not queued()


@pytest.mark.parametrize("number", ["0", "999999"])
def test_what_is_not_there_is_not_found(manager: Client, number: str) -> None:
    assert manager.post(f"/admin/tenants/tenant/{number}/do/pause/").status_code == 404


def test_there_are_no_actions_but_those_of_the_registry(
    manager: Client, five: dict[str, Tenant]
) -> None:
    url = f"/admin/tenants/tenant/{five['acme'].pk}/do/explode/"
    assert manager.post(url).status_code == 404


# --- what happens --------------------------------------------------------------------------------


@EVERY_ON_EITHER
def test_a_bulk_action_is_written_down_as_a_run_with_an_item_for_each_row(
    manager: Client, name: str, model: type[Tenant | Connection]
) -> None:
    legal = [row_of(model, ready_for(name, who)) for who in (cast.ACME, cast.BOREALIS, cast.CIRRUS)]
    gone = rows.connection(cast.enrol(cast.EMBER), Stage.OFFBOARDED)
    Tenant.objects.filter(pk=gone.tenant_id).update(offboarded_at=gone.offboarded_at)
    # An off-boarded tenant can be erased too, and it keeps its owner and its timeline.
    possible = 4 if name in ("erase", "note") else 3
    answer = select(manager, [*legal, row_of(model, gone)], name, typed=f"{possible} tenants")
    run = BulkRun.objects.get()
    assert (run.action, run.actor, run.total) == (name, "mia", 4)
    assert answer["Location"] == f"/admin/portal/bulkrun/{run.pk}/change/"
    assert {item.tenant_id for item in run.items.all()} == set(
        Tenant.objects.values_list("pk", flat=True)
    )
    assert [(task["func"], task["args"]) for task in queued()] == [
        ("portal.bulk.work_off", (run.pk,))
    ]


# A note can be written on the timeline of any tenant.
@pytest.mark.parametrize("name", [name for name in ACTIONS if name != "note"])
def test_a_row_that_is_not_legal_any_more_is_skipped_with_the_reason(name: str) -> None:
    gone = rows.connection(cast.enrol(cast.EMBER), Stage.OFFBOARDED)
    Tenant.objects.filter(pk=gone.tenant_id).update(offboarded_at=gone.offboarded_at)
    run = BulkRun(action=name, label="x", actor="mia", total=1)
    tenant = Tenant.objects.get()
    bulk.start(run, [BulkItem(run=run, tenant=tenant, connection=gone)])
    bulk.work_off(run.pk)
    item = run.items.get()
    assert item.status == "skipped"
    assert item.text == ACTIONS[name].refusal(Subject(tenant, gone)) != ""


@EVERY
def test_a_press_is_a_run_of_one_and_its_task_takes_an_id_and_nothing_else(
    manager: Client, name: str
) -> None:
    connection = ready_for(name)
    press(manager, connection.tenant, name)
    run = BulkRun.objects.get()
    item = run.items.get()
    (task,) = queued()
    assert (task["func"], task["args"], task["kwargs"]) == ("portal.bulk.work_off", (run.pk,), {})
    assert (run.action, run.actor, run.total) == (name, "mia", 1)
    assert (item.tenant, item.connection) == (connection.tenant, connection)
    asked = {"schema_fate"} if ACTIONS[name].destructive else {"until", "note"}
    asked = OWN_QUESTIONS.get(name, asked)
    assert set(run.options) == (asked if name in ASKS else set())


def test_rows_on_other_pages_are_meant_too_when_all_are_selected(manager: Client) -> None:
    strangers.connected(range(3))
    one = Tenant.objects.first()
    select(manager, [one], "refresh", select_across="1")
    assert BulkRun.objects.latest("pk").items.count() == 3


def test_a_question_asked_for_all_rows_is_answered_for_all_rows(manager: Client) -> None:
    strangers.connected(range(3))
    one = Tenant.objects.first()
    data = {"action": "snooze", "_selected_action": [one.pk], "select_across": "1", "index": "0"}  # type: ignore[union-attr]
    asked = manager.post(walk.page(Tenant, "changelist"), data)
    assertContains(asked, '<input type="hidden" name="select_across" value="1">', html=True)
    select(manager, [one], "snooze", select_across="1")
    assert BulkRun.objects.latest("pk").items.count() == 3


def test_an_illegal_button_says_why_and_does_nothing(
    manager: Client, five: dict[str, Tenant]
) -> None:
    text = said(press(manager, five["acme"], "resume"))
    assert text == 'Skipped Acme & Söhne "West": it is not paused.'
    assert not queued()


def test_a_page_offers_only_what_fits_the_state(manager: Client, five: dict[str, Tenant]) -> None:
    html = manager.get(walk.page(Tenant, "change", five["dune"].pk)).content.decode()
    offered = [name for name in ACTIONS if f"/do/{name}/" in html]
    of_all_tenants = ["assign", "hand_over", "note", "tag", "untag"]
    state = [name for name in offered if name not in of_all_tenants]
    assert state == ["block_org", "retry", "snooze", "offboard", "start_over"]
    assert sorted(set(offered) - set(state)) == of_all_tenants
