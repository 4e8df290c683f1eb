"""What staff do to tenants: each action from the registry, by each role, in each legal state."""

import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.asserts import assertContains
from pytest_django.fixtures import Settings

import emulator as emulated
from connect.models import Connection, SchemaFate, Stage, WaitingOn
from connect.operations import connection as operations
from portal import bulk, roles
from portal.actions import action as registry
from portal.actions import bulk_runs, forms
from portal.actions.subject import Subject
from portal.admin.kit import actions
from portal.models import BulkItem, BulkRun
from tenants.models import Event, MessageKind, Proof, Tenant
from tests import cast
from tests.connect import fleet as fleets
from tests.connect.journey import Journey
from tests.portal.admin import rows, walk
from tests.portal.admin.conftest import NAMES, SignIn

pytestmark = pytest.mark.django_db
ACTIONS = registry.of(Tenant)
MODELS = [Tenant, Connection]
BOTH = pytest.mark.parametrize("model", MODELS, ids=["tenant", "connection"])
EVERY = pytest.mark.parametrize("name", ACTIONS)
# Both models' pages are of one making: what holds for all actions on one holds on the other if it
# does for an action that asks first and for one that does not.
EVERY_ON_EITHER = pytest.mark.parametrize(
    ("name", "model"),
    [*((name, Tenant) for name in ACTIONS), ("offboard", Connection), ("refresh", Connection)],
)
ASKS = [name for name, each in ACTIONS.items() if each.form]
# A state in which each action is legal, as fields of the connection.
LEGAL: dict[str, dict[str, Any]] = {
    "approve": {"stage": Stage.WAITING_FOR_PROOF},
    "resend": {"stage": Stage.WAITING_FOR_CONSENT, "waiting_on": WaitingOn.SUBSCRIBER},
    "retry": {"stage": Stage.LINKING},
    "resume": {"stage": Stage.LIVE, "state": "PAUSED"},
    "unsnooze": {"stage": Stage.LIVE, "snoozed_until": timezone.now() + timedelta(days=1)},
    "reauthorize": {"stage": Stage.LIVE, "state": "UNAUTHORIZED"},
}
LIVE = {"stage": Stage.LIVE, "state": "IDLE"}


def ready_for(name: str, who: dict[str, str] = cast.ACME) -> Connection:
    """Make a tenant to whom the action may be done now."""
    proof = Proof.NONE if name == "approve" else Proof.SIGNED
    return rows.connection(cast.enrol(who, proof=proof), **LEGAL.get(name, LIVE))


def row_of(model: type[Tenant | Connection], connection: Connection) -> Tenant | Connection:
    return connection.tenant if model is Tenant else connection


def answers(name: str, *phrase: str) -> dict[str, str]:
    """Return what a person answers to an action's question."""
    if ACTIONS[name].destructive:
        return {"confirmed": "yes", "schema_fate": "keep", "typed": "".join(phrase)}
    if ACTIONS[name].form:
        return {"confirmed": "yes", "span": "4", "note": "Holidays."}
    return {}


def press(client: Client, row: Tenant | Connection, name: str) -> HttpResponse:
    """Press a button, and answer if one is asked."""
    tenant = row if isinstance(row, Tenant) else row.tenant
    url = walk.page(type(row), "act", row.pk, name)
    return client.post(url, answers(name, str(tenant)))  # type: ignore[return-value]


def select(client: Client, chosen: list[Any], name: str, **more: str) -> HttpResponse:
    """Do a bulk action to some rows of a list, and answer if one is asked."""
    data: dict[str, Any] = {"action": name, "_selected_action": [row.pk for row in chosen], **more}
    phrase = str(chosen[0]) if len(chosen) == 1 else f"{len(chosen)} tenants"
    data = {**answers(name, phrase), **data}
    if not ACTIONS[name].form:
        data["index"] = "0"
    return client.post(walk.page(type(chosen[0]), "changelist"), data)  # type: ignore[return-value]


def said(answer: HttpResponse) -> str:
    """Return what the next page will tell."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))  # type: ignore[attr-defined]


def queued() -> list[dict[str, Any]]:
    """Return what is in the queue."""
    return [row.task for row in OrmQ.objects.order_by("pk")]


def named(row: Tenant | Connection) -> str:
    return str(row if isinstance(row, Tenant) else row.tenant)


def work_off(task: dict[str, Any]) -> None:
    """Run a queued task, as the worker would."""
    module, _, name = task["func"].rpartition(".")
    getattr(import_module(module), name)(*task["args"], **task["kwargs"])


# --- who may -------------------------------------------------------------------------------------


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
    assert [task["kwargs"]["actor"] for task in queued()] == ([NAMES[role]] if may else [])
    select(client, [row], name, typed=named(row))
    assert [run.actor for run in BulkRun.objects.all()] == ([NAMES[role]] if may else [])


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
        assert answer.status_code == (200 if ACTIONS[name].form else 405)
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
    answer = select(manager, [*legal, row_of(model, gone)], name, typed="3 tenants")
    run = BulkRun.objects.get()
    assert (run.action, run.actor, run.total) == (name, "mia", 4)
    assert answer["Location"] == f"/admin/portal/bulkrun/{run.pk}/change/"
    assert {item.tenant_id for item in run.items.all()} == set(
        Tenant.objects.values_list("pk", flat=True)
    )
    assert [(task["func"], task["args"]) for task in queued()] == [
        ("portal.tasks.work_off", (run.pk,))
    ]


@EVERY
def test_a_row_that_is_not_legal_any_more_is_skipped_with_the_reason(name: str) -> None:
    gone = rows.connection(cast.enrol(cast.EMBER), Stage.OFFBOARDED)
    Tenant.objects.filter(pk=gone.tenant_id).update(offboarded_at=gone.offboarded_at)
    run = BulkRun(action=name, label="x", actor="mia", total=1)
    tenant = Tenant.objects.get()
    bulk.start(run, [BulkItem(run=run, tenant=tenant, connection=gone)])
    bulk.work_off(run.pk, bulk_runs.perform)
    item = run.items.get()
    assert item.status == "skipped"
    assert item.text == ACTIONS[name].refusal(Subject(tenant, gone)) != ""


@EVERY
def test_a_task_takes_an_id_and_a_name_and_nothing_else(manager: Client, name: str) -> None:
    connection = ready_for(name)
    press(manager, connection.tenant, name)
    (task,) = queued()
    if name in ("approve", "resend"):
        assert task["func"] == f"tenants.tasks.{name}"
        assert (task["args"], task["kwargs"]) == ((connection.tenant_id,), {"actor": "mia"})
    else:
        assert task["func"] == "connect.tasks.operate"
        assert task["args"] == (name, connection.pk)
        assert task["kwargs"]["actor"] == "mia"
        asked = {"schema_fate"} if ACTIONS[name].destructive else {"until", "note"}
        assert set(task["kwargs"]["options"]) == (asked if name in ASKS else set())


def test_rows_on_other_pages_are_meant_too_when_all_are_selected(manager: Client) -> None:
    rows.connected(range(3))
    one = Tenant.objects.first()
    select(manager, [one], "refresh", select_across="1")
    assert BulkRun.objects.latest("pk").items.count() == 3


def test_a_question_asked_for_all_rows_is_answered_for_all_rows(manager: Client) -> None:
    rows.connected(range(3))
    one = Tenant.objects.first()
    data = {"action": "snooze", "_selected_action": [one.pk], "select_across": "1", "index": "0"}  # type: ignore[union-attr]
    asked = manager.post(walk.page(Tenant, "changelist"), data)
    assertContains(asked, '<input type="hidden" name="select_across" value="1">', html=True)
    select(manager, [one], "snooze", select_across="1")
    assert BulkRun.objects.latest("pk").items.count() == 3


def test_an_illegal_button_says_why_and_does_nothing(
    manager: Client, five: dict[str, Tenant]
) -> None:
    told = said(press(manager, five["acme"], "resume"))
    assert told == 'Skipped Acme & Söhne "West": it is not paused.'
    assert not queued()


def test_a_page_offers_only_what_fits_the_state(manager: Client, five: dict[str, Tenant]) -> None:
    html = manager.get(walk.page(Tenant, "change", five["dune"].pk)).content.decode()
    offered = [name for name in ACTIONS if f"/do/{name}/" in html]
    assert offered == ["retry", "snooze", "offboard", "start_over"]


# --- what cannot be taken back -------------------------------------------------------------------

DESTRUCTIVE = pytest.mark.parametrize(
    "name", [name for name, each in ACTIONS.items() if each.destructive]
)


@DESTRUCTIVE
@BOTH
def test_the_confirmation_keeps_the_schema_unless_told_otherwise(
    manager: Client, name: str, model: type[Tenant | Connection], five: dict[str, Tenant]
) -> None:
    row = row_of(model, five["acme"].connections.get())
    answer = manager.get(walk.page(model, "act", row.pk, name))
    keep = '<input type="radio" name="schema_fate" value="keep" required id="id_schema_fate_0"'
    assertContains(answer, f"{keep} checked>", html=True)
    assertContains(answer, "Acme &amp; Söhne &quot;West&quot;")


@DESTRUCTIVE
@pytest.mark.parametrize(
    "wrong",
    [
        {"schema_fate": ""},
        {"schema_fate": "burn"},
        {"typed": ""},
        {"typed": "Acme"},
        {"typed": 'acme & söhne "west"'},
        {"confirmed": ""},
    ],
)
def test_without_the_orgs_name_and_a_choice_it_asks_again(
    manager: Client, name: str, wrong: dict[str, str], five: dict[str, Tenant]
) -> None:
    url = walk.page(Tenant, "act", five["acme"].pk, name)
    given = {**answers(name, str(five["acme"])), **wrong}
    if not given["confirmed"]:
        del given["confirmed"]
    assert manager.post(url, given).status_code == 200
    assert not queued()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"span": "other", "until": ""}, "Say until when."),
        ({"span": "other", "until": "2020-01-01T08:00"}, "That is past."),
        ({"note": ""}, "This field is required."),
        ({"span": "for ever"}, "not one of the available choices"),
    ],
)
@pytest.mark.parametrize("name", ["pause_until", "snooze"])
def test_a_time_and_a_reason_are_asked_for(
    operator: Client, name: str, given: dict[str, str], complaint: str, five: dict[str, Tenant]
) -> None:
    url = walk.page(Tenant, "act", five["acme"].pk, name)
    assertContains(operator.post(url, {**answers(name), **given}), complaint)
    assert not queued()


MONDAY = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "now", "expected"),
    [
        ("4", MONDAY, datetime(2026, 11, 23, 20, 30, tzinfo=UTC)),
        ("168", MONDAY, datetime(2026, 11, 30, 16, 30, tzinfo=UTC)),
        ("morning", MONDAY, datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("monday", MONDAY, datetime(2026, 11, 30, 8, tzinfo=UTC)),
        ("monday", MONDAY - timedelta(days=1), datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("other", MONDAY, datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_moment_that_was_chosen(span: str, now: datetime, expected: datetime) -> None:
    assert forms.moment(span, datetime(2027, 1, 1, tzinfo=UTC), now) == expected


def test_dropping_the_schema_is_an_explicit_choice(
    manager: Client, five: dict[str, Tenant]
) -> None:
    url = walk.page(Tenant, "act", five["acme"].pk, "offboard")
    manager.post(url, {**answers("offboard", str(five["acme"])), "schema_fate": "drop"})
    assert queued()[0]["kwargs"]["options"] == {"schema_fate": SchemaFate.DROP}


def test_a_destructive_bulk_action_first_lists_all_tenants_and_what_it_skips(
    manager: Client, five: dict[str, Tenant]
) -> None:
    data = {"action": "offboard", "index": "0", "_selected_action": [t.pk for t in five.values()]}
    answer = manager.post(walk.page(Tenant, "changelist"), data)
    html = answer.content.decode()
    assert "Off-board: 4 tenants" in html
    assert "<strong>Ember AG</strong>: it has no connection" in html
    assert "To confirm, type: 4 tenants" in html
    chosen = [subject.tenant.pk for subject, *_ in answer.context["possible"]]
    assert all(f'name="_selected_action" value="{pk}"' in html for pk in chosen)
    assert not queued()


def test_a_destructive_bulk_action_has_a_maximum(
    manager: Client, five: dict[str, Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MAX_DESTRUCTIVE", 2)
    told = said(select(manager, list(five.values())[:3], "offboard"))
    assert told == "Select 2 at the most for “Off-board”. Nothing was done."
    assert not BulkRun.objects.exists()


# --- the work itself -----------------------------------------------------------------------------


def at_work(emulator: emulated.Running, name: str) -> Connection:
    """Make Acme, here and at Heroku Connect, ready for an action."""
    if name == "approve":
        return Journey(emulator, cast.ACME, Proof.NONE).reach(Stage.WAITING_FOR_PROOF)
    if name == "retry":
        return Journey(emulator, cast.ACME, Proof.SIGNED).reach(Stage.WAITING_FOR_CONSENT)
    member = fleets.Fleet(emulator, fleets.version(fleets.FIRST)).add(cast.ACME)
    if name == "resume":
        operations.operate("pause", member.connection.pk, "olga", {})
    if name == "unsnooze":
        tomorrow = timezone.now() + timedelta(days=1)
        Connection.objects.update(snoozed_until=tomorrow)
    if name == "reauthorize":
        Connection.objects.update(state="UNAUTHORIZED")
    return member.now()


@EVERY
def test_the_work_leaves_an_event_with_the_persons_name(
    manager: Client, emulator: emulated.Running, name: str
) -> None:
    connection = at_work(emulator, name)
    OrmQ.objects.all().delete()
    assert press(manager, connection.tenant, name).status_code == 302
    (task,) = queued()
    work_off(task)
    event = Event.objects.filter(actor="mia").last()
    assert event is not None
    assert event.tenant == connection.tenant
    assert "failed" not in event.text


# --- the rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "proof", "gone", "reason"),
    [
        ("signed", Proof.NONE, False, ""),
        ("signed", Proof.SIGNED, False, "it needs no approval"),
        ("approval", Proof.SIGNED, False, ""),
        ("approval", Proof.STAFF, False, "it is approved already"),
        ("open", Proof.NONE, False, "it needs no approval"),
        ("signed", Proof.NONE, True, "it is off-boarded"),
    ],
)
def test_who_can_be_approved(
    settings: Settings, policy: str, proof: Proof, gone: bool, reason: str
) -> None:
    settings.REGISTRATION_POLICY = policy
    tenant = cast.enrol(cast.ACME, proof=proof)
    tenant.offboarded_at = tenant.registered_at if gone else None
    assert ACTIONS["approve"].refusal(Subject(tenant, None)) == reason


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (None, "it has no connection"),
        ({"stage": Stage.LIVE}, ""),
        ({"stage": Stage.WAITING_FOR_CONSENT, "waiting_on": WaitingOn.SUBSCRIBER}, ""),
        ({"stage": Stage.LINKING}, "there is nothing to tell the subscriber now"),
    ],
)
def test_when_a_mail_can_be_sent_again(facts: dict[str, Any] | None, reason: str) -> None:
    connection = None if facts is None else Connection(**facts)
    assert ACTIONS["resend"].refusal(Subject(Tenant(), connection)) == reason


def test_a_tenant_without_a_connection_is_skipped() -> None:
    assert ACTIONS["pause"].refusal(Subject(Tenant(), None)) == "it has no connection"


def test_sending_again_writes_the_mail_that_fits(operator: Client) -> None:
    connection = ready_for("resend")
    press(operator, connection.tenant, "resend")
    work_off(queued()[0])
    assert connection.tenant.messages.get().kind == MessageKind.SIGN_IN
