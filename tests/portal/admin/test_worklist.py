"""The worklist: which rows stand on it, in which order, and what is done with them in place."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from connect import standing
from connect.models import (
    BlockedKind,
    Connection,
    Discrepancy,
    Drift,
    DriftState,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
    Rollout,
    RolloutEvent,
    Tag,
)
from connect.remedies import DRIFTED
from connect.standing import Word
from portal.models import BulkRun
from tenants import whole
from tenants.models import Event, EventKind, Tenant
from tests import cast
from tests.portal.admin import rows, strangers, walk
from tests.queue import drain

pytestmark = pytest.mark.django_db
PAGE, ROWS, ACT = "/admin/attention/", "/admin/attention/rows/", "/admin/attention/act/"
# Session, user, the counts, the choices, a page of keys, the tenants, two for how they stand, what
# was pressed; two for the cause of the use case, five for the menu and the time zone (three of them
# for the worklist, whose count is kept, but not in tests); and one for each other kind of row.
MAX_QUERIES = 16
OTHER_KINDS = 3


def names(client: Client, query: str = "") -> list[str]:
    return [case.name for case in client.get(f"{PAGE}?{query}").context["cases"]]


def blocked(who: dict[str, str], *, hours: int = 1, **facts: Any) -> Tenant:
    tenant = cast.enrol(who)
    at = timezone.now() - timedelta(hours=hours)
    rows.connection(tenant, blocked_at=at, blocked_reason="No card.", **facts)
    return tenant


def region_down() -> Incident:
    return Incident.objects.create(
        kind=IncidentKind.TOKEN,
        status=IncidentStatus.OPEN,
        text="Refused.",
        opened_at=timezone.now(),
    )


def paused_rollout() -> Rollout:
    made = Rollout.objects.create(
        author="mia", status="paused", pause_reason="2 of 2 failed.", paused_by="portal"
    )
    RolloutEvent.objects.create(rollout=made, actor="portal", text="2 of 2 failed.")
    return made


def difference() -> Discrepancy:
    return Discrepancy.objects.create(kind="missing", key="x", text="Not at Heroku.")


# --- the list ------------------------------------------------------------------------------------


def test_the_worst_stand_first_and_the_oldest_of_each_cause(viewer: Client) -> None:
    mild = cast.enrol(cast.CIRRUS)
    rows.connection(mild, stage_since=timezone.now() - timedelta(days=9))
    Health.objects.create(
        connection=mild.connections.get(), condition="degraded", sampled_at=timezone.now()
    )
    blocked(cast.ACME, hours=1)
    blocked(cast.BOREALIS, hours=5)
    paused = paused_rollout()
    assert names(viewer) == ["Borealis", 'Acme & Söhne "West"', str(paused), "Cirrus"]


def test_a_planned_hold_stands_below_what_is_wrong_and_is_resumed_in_place(
    manager: Client,
) -> None:
    held = rows.held_rollout()
    mild = rows.connection(cast.enrol(cast.CIRRUS))
    Health.objects.create(connection=mild, condition="degraded", sampled_at=timezone.now())
    paused = paused_rollout()
    assert names(manager) == [str(paused), "Cirrus", str(held)]
    case = manager.get(PAGE).context["cases"][-1]
    assert (case.label, case.tone) == ("Canary group to be checked", "wait")
    assert case.why == "The canary group has ended. Check it, then resume."
    assert (case.act.label, case.act.asks) == ("Resume", False)
    manager.post(case.act.url)
    drain()
    held.refresh_from_db()
    assert held.status == "running"
    assert names(manager) == [str(paused), "Cirrus"]


def test_a_row_says_what_a_person_must_know(operator: Client, five: dict[str, Tenant]) -> None:
    good = timezone.now() - timedelta(hours=3)
    Connection.objects.filter(tenant=five["acme"]).update(state="SYSTEM_ERROR")
    Health.objects.update(condition="broken", good_at=good, since=good)
    Tenant.objects.filter(pk=five["acme"].pk).update(owner=User.objects.get(username="olga"))
    html = operator.get(PAGE).content.decode().replace("\xa0", " ")
    row = html.partition(f'id="case-tenant-{five["acme"].pk}"')[2].partition("</li>")[0]
    for said in ("Broken", "3 hours</time>", "Last good sync <time ", "<strong>olga</strong>"):
        assert said in row
    assert f'formaction="/admin/tenants/tenant/{five["acme"].pk}/do/restart/"' in row
    assert "Unassign" in row
    assert "Add a note" in row
    assert "Snooze" in row


def test_a_drifted_one_that_was_not_looked_at_lately_still_says_what_drift_needs(
    operator: Client, five: dict[str, Tenant]
) -> None:
    acme = five["acme"].connections.get()
    Drift.objects.update_or_create(connection=acme, defaults={"state": DriftState.DRIFTED})
    long_ago = timezone.now() - timedelta(hours=9)
    Health.objects.update(sampled_at=long_ago)
    Connection.objects.filter(pk=acme.pk).update(seen_at=long_ago)
    assert standing.of(Connection.objects.get(pk=acme.pk)).word == Word.UNKNOWN
    (case,) = [each for each in operator.get(PAGE).context["cases"] if "Acme" in each.name]
    assert case.label == "Drifted from its mappings"
    assert case.remedy == DRIFTED.do
    assert case.act.label == "Open the differences"


def test_a_viewer_sees_the_list_and_no_button(viewer: Client, five: dict[str, Tenant]) -> None:
    html = viewer.get(PAGE).content.decode().partition('class="worklist"')[2].partition("</ol>")[0]
    assert "Dune Ltd" in html
    assert "<button" not in html
    assert "Snooze" not in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("cause=blocked", ["Acme", "Borealis"]),
        ("cause=nonsense", ["Acme", "Borealis", "Cirrus"]),
        ("owner=me", ["Acme"]),
        ("owner=nobody", ["Borealis", "Cirrus"]),
        ("owner=%40olga", ["Acme"]),
        ("owner=%40mia", []),
        ("environment=sandbox", ["Borealis"]),
        ("environment=production", ["Acme", "Cirrus"]),
        ("plan=herokuconnect:enterprise", ["Borealis"]),
        ("tag=eu", ["Cirrus"]),
        ("snoozed=yes", ["Ember"]),
        ("snoozed=yes&owner=me", []),
        ("p=99", ["Acme", "Borealis", "Cirrus"]),
    ],
)
def test_the_list_is_filtered_by_the_address(
    operator: Client, query: str, expected: list[str]
) -> None:
    acme = blocked(cast.ACME, hours=9)
    Tenant.objects.filter(pk=acme.pk).update(owner=User.objects.get(username="olga"))
    blocked(cast.BOREALIS, plan="herokuconnect:enterprise")
    cirrus = cast.enrol(cast.CIRRUS)
    cast.connect(cirrus, waiting_on="staff", waiting_for="approval by staff")
    Tag.objects.create(name="eu").tenants.add(cirrus)
    blocked(cast.EMBER, snoozed_until=timezone.now() + timedelta(days=1), snooze_note="They know.")
    assert [name.split()[0] for name in names(operator, query)] == expected


def test_things_that_belong_to_no_tenant_have_an_owner_and_a_snooze_too(operator: Client) -> None:
    made = [region_down(), paused_rollout(), difference()]
    assert sorted(names(operator)) == sorted(map(str, made))
    for row in made:
        operator.post(walk.page(type(row), "act", row.pk, "assign"))
    drain()
    assert len(names(operator, "owner=me")) == len(made)
    for row in made:
        answer = {"confirmed": "yes", "span": "4", "note": "Heroku knows."}
        operator.post(walk.page(type(row), "act", row.pk, "snooze"), answer)
    drain()
    assert names(operator) == []
    assert len(names(operator, "snoozed=yes")) == len(made)
    assert "Heroku knows." in operator.get(f"{PAGE}?snoozed=yes").content.decode()
    for row in made:
        operator.post(walk.page(type(row), "act", row.pk, "unsnooze"))
    drain()
    assert len(names(operator)) == len(made)


def test_a_note_on_a_paused_roll_out_does_not_make_its_pause_younger(operator: Client) -> None:
    row = paused_rollout()
    long_ago = timezone.now() - timedelta(days=3)
    RolloutEvent.objects.update(at=long_ago)
    answer = {"confirmed": "yes", "note": "Waiting for Acme."}
    operator.post(walk.page(Rollout, "act", row.pk, "note"), answer)
    drain()
    assert row.events.first().text == "Waiting for Acme."  # type: ignore[union-attr]
    assert operator.get(PAGE).context["cases"][0].since == long_ago


def test_a_link_leads_to_one_row_also_when_it_needs_nobody_any_more(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    assert names(viewer, f"row=tenant-{five['dune'].pk}") == ["Dune Ltd"]
    answer = viewer.get(f"{PAGE}?row=tenant-{five['acme'].pk}")
    assert "It needs nobody any more." in answer.content.decode()
    for junk in ("tenant-0", "tenant-999999999999999999999", "user-1", "tenant-x", "-", ""):
        assert viewer.get(f"{PAGE}?row={junk}").status_code == 200


def test_a_page_costs_the_same_however_many_rows_it_has(superuser: Client) -> None:
    strangers.connected(range(100, 105), blocked_at=timezone.now(), blocked_reason="No.")
    walk.warm(superuser, [PAGE])
    few = walk.queries(superuser, PAGE)
    strangers.connected(range(105, 170), blocked_at=timezone.now(), blocked_reason="No.")
    assert walk.queries(superuser, PAGE) == few <= MAX_QUERIES
    region_down(), paused_rollout(), difference()
    assert walk.queries(superuser, PAGE) <= MAX_QUERIES + OTHER_KINDS
    assert len(names(superuser)) == 50
    assert len(names(superuser, "p=2")) == 23


# --- in place ------------------------------------------------------------------------------------


def test_a_press_leads_back_to_the_list_and_the_row_shows_its_outcome(
    operator: Client, five: dict[str, Tenant]
) -> None:
    dune = five["dune"]
    url = walk.page(Tenant, "act", dune.pk, "assign")
    here = f"{ROWS}?row=tenant-{dune.pk}&said=1"
    answer = operator.post(url, {"back": here})
    assert answer["Location"] == here
    heard = operator.get(here)
    assert "“Assign to me” is queued for Dune Ltd." in heard.content.decode()
    assert [item.status for item in heard.context["cases"][0].presses] == ["waiting"]
    assert heard.context["every"] == 2
    drain()
    heard = operator.get(here)
    (case,) = heard.context["cases"]
    assert (case.owner, case.presses[0].status, case.presses[0].text) == (
        "olga",
        "done",
        "Owner: olga.",
    )
    assert heard.context["every"] > 2
    assert Event.objects.filter(tenant=dune, actor="olga", text="Owner: olga.").count() == 1


def test_a_row_whose_cause_is_removed_elsewhere_is_retried_here(operator: Client) -> None:
    unpaid = blocked(cast.ACME, blocked_kind=BlockedKind.PAYMENT)
    wrong = blocked(cast.BOREALIS, blocked_kind=BlockedKind.WRONG_ORG)
    other = blocked(cast.CIRRUS)
    shown = {case.name: case for case in operator.get(PAGE).context["cases"]}
    act = shown[unpaid.name].act
    assert act
    assert act.label == "Open the app's add-ons at Heroku"
    # Not where trying again cannot help, and not beside itself.
    beside = [name for name, case in shown.items() for each in case.others if each.name == "retry"]
    assert beside == [unpaid.name]
    chosen = [f"tenant-{each.pk}" for each in (unpaid, wrong, other)]
    html = select(operator, "retry", *chosen).content.decode()
    assert "<h1>Retry provisioning: 2 tenants</h1>" in html
    assert "trying again cannot help" in html


def test_the_number_in_the_menu_follows_the_rows(operator: Client) -> None:
    acme = blocked(cast.ACME)
    blocked(cast.BOREALIS)
    menu = '<span class="menu-count menu-count-bad" id="menu-count-worklist" data-live-part'
    assert f"{menu}>2<" in operator.get(PAGE).content.decode()
    acme.connections.update(blocked_at=None, blocked_reason="")
    rows_url = f"{ROWS}?row=tenant-{acme.pk}"
    assert f"{menu}>1<" in operator.get(rows_url).content.decode()
    Connection.objects.update(blocked_at=None, blocked_reason="")
    assert f"{menu} hidden>0<" in operator.get(rows_url).content.decode()
    # With a filter the page counts something else.
    assert menu not in operator.get(f"{rows_url}&owner=me").content.decode()


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/admin/", "/authenticate", "javascript:x"]
)
def test_a_press_leads_back_to_pages_of_staff_alone(
    operator: Client, five: dict[str, Tenant], elsewhere: str
) -> None:
    url = walk.page(Tenant, "act", five["dune"].pk, "assign")
    answer = operator.post(url, {"back": elsewhere})
    assert answer["Location"] == walk.page(Tenant, "change", five["dune"].pk)


def test_a_question_keeps_the_way_back(operator: Client, five: dict[str, Tenant]) -> None:
    url = walk.page(Tenant, "act", five["dune"].pk, "note")
    html = operator.get(url, {"back": PAGE}).content.decode()
    assert f'<input type="hidden" name="back" value="{PAGE}">' in html
    answer = operator.post(url, {"back": PAGE, "confirmed": "yes", "note": "Called them."})
    assert answer["Location"] == PAGE


def test_a_snoozed_row_leaves_with_its_reason_and_can_be_woken(
    operator: Client, five: dict[str, Tenant]
) -> None:
    Connection.objects.filter(tenant=five["dune"]).update(
        snoozed_until=timezone.now() + timedelta(days=1), snooze_note="Their bank."
    )
    assert "Dune Ltd" not in names(operator)
    html = operator.get(f"{PAGE}?snoozed=yes").content.decode()
    assert "Their bank." in html
    assert f"/admin/tenants/tenant/{five['dune'].pk}/do/unsnooze/" in html


def test_a_list_whose_rows_are_all_snoozed_does_not_say_that_all_is_well(
    operator: Client,
) -> None:
    blocked(cast.ACME, snoozed_until=timezone.now() + timedelta(days=1))
    html = operator.get(PAGE).content.decode()
    assert "All that needs attention is snoozed" in html
    assert "1 snoozed row needs somebody" in html
    assert "Nothing needs attention" not in html


def test_the_page_of_rows_is_for_staff_who_may_see_tenants(client: Client) -> None:
    for url in (PAGE, ROWS, ACT):
        assert client.get(url).status_code == 302
    user = User.objects.create_user("nora", is_staff=True)
    client.force_login(user)
    assert [client.get(PAGE).status_code, client.post(ACT).status_code] == [403, 403]


# --- many ----------------------------------------------------------------------------------------


def select(client: Client, action: str, *chosen: str, **more: str) -> Any:
    data = {"action": action, "_selected_action": list(chosen), "back": PAGE, **more}
    return client.post(ACT, data)


def test_many_are_acted_on_by_one_press_after_a_page_that_says_to_how_many(
    operator: Client,
) -> None:
    made = [blocked(each) for each in (cast.ACME, cast.BOREALIS, cast.CIRRUS)]
    chosen = [f"tenant-{each.pk}" for each in made]
    question = select(operator, "act", *chosen)
    html = question.content.decode()
    assert "<h1>Retry provisioning: 3 tenants</h1>" in html
    assert not BulkRun.objects.exists()
    answer = select(operator, "retry", *chosen, confirmed="yes")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    run = BulkRun.objects.get()
    assert (run.action, run.total, run.actor) == ("retry", 3, "olga")


def test_many_are_snoozed_where_none_is_and_woken_where_all_are(operator: Client) -> None:
    for snoozed, offered in (("", "snooze"), ("yes", "unsnooze")):
        names_ = [name for name, _ in operator.get(f"{PAGE}?snoozed={snoozed}").context["bulk"]]
        assert {"snooze", "unsnooze"} & set(names_) == {offered}


def test_those_for_whom_it_is_not_possible_are_named_before(operator: Client) -> None:
    acme, borealis = blocked(cast.ACME), blocked(cast.BOREALIS)
    Tenant.objects.filter(pk=acme.pk).update(owner=User.objects.get(username="olga"))
    html = select(operator, "unassign", f"tenant-{acme.pk}", f"tenant-{borealis.pk}").content
    assert "<h1>Unassign: 1 tenant</h1>" in html.decode()
    assert "nobody looks after it" in html.decode()


def test_all_rows_of_a_cause_are_taken_also_those_on_other_pages(operator: Client) -> None:
    strangers.connected(range(100, 160), blocked_at=timezone.now(), blocked_reason="No.")
    answer = operator.post(
        f"{ACT}?cause=blocked", {"action": "assign", "across": "1", "confirmed": "yes"}
    )
    assert answer.status_code == 302
    assert BulkRun.objects.get().total == 60


@pytest.mark.parametrize(
    ("action", "chosen", "reason"),
    [
        ("assign", [], "select one row at least"),
        (
            "assign",
            ["tenant", "incident"],
            "tenants and other things",
        ),
        ("act", ["tenant", "other"], "these rows need different things"),
        ("act", ["well"], "they need nobody any more"),
        ("offboards", ["tenant"], "these rows have no such action for many"),
    ],
)
def test_what_cannot_be_done_together_says_so(
    operator: Client, five: dict[str, Tenant], action: str, chosen: list[str], reason: str
) -> None:
    keys = {
        "tenant": f"tenant-{five['dune'].pk}",
        "other": f"tenant-{five['cirrus'].pk}",
        "well": f"tenant-{five['acme'].pk}",
        "incident": f"incident-{region_down().pk}",
    }
    select(operator, action, *(keys[each] for each in chosen))
    assert f"Nothing was done: {reason}" in operator.get(PAGE).content.decode()
    assert not BulkRun.objects.exists()


def test_nobody_does_to_many_what_the_role_does_not_allow(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    answer = select(viewer, "assign", f"tenant-{five['dune'].pk}", confirmed="yes")
    assert answer.status_code == 403


# --- owners and notes ----------------------------------------------------------------------------


def test_a_note_stands_on_the_timeline_with_name_and_time(
    operator: Client, five: dict[str, Tenant]
) -> None:
    url = walk.page(Tenant, "act", five["dune"].pk, "note")
    for bad in ("", "  ", "x" * 2001):
        assert operator.post(url, {"confirmed": "yes", "note": bad}).status_code == 200
    operator.post(url, {"confirmed": "yes", "note": "  Called them, <b>they pay</b> on Friday. "})
    drain()
    event = Event.objects.get(kind=EventKind.NOTE)
    assert (event.tenant, event.actor) == (five["dune"], "olga")
    assert event.text == "Called them, <b>they pay</b> on Friday."
    html = operator.get(walk.page(Tenant, "change", five["dune"].pk)).content.decode()
    assert "Called them, &lt;b&gt;they pay&lt;/b&gt; on Friday." in html


def test_a_note_is_exported_and_erased_with_its_tenant(
    operator: Client, five: dict[str, Tenant]
) -> None:
    url = walk.page(Tenant, "act", five["ember"].pk, "note")
    operator.post(url, {"confirmed": "yes", "note": "Call Ms. Ember."})
    drain()
    assert "Call Ms. Ember." in "".join(whole.export(five["ember"]))
    whole.erase(five["ember"].pk, "mia")
    assert not Event.objects.filter(kind=EventKind.NOTE).exists()
    assert BulkRun.objects.get().options == {}


def test_an_owner_is_shown_and_changed_on_the_tenants_page(
    operator: Client, five: dict[str, Tenant]
) -> None:
    User.objects.create_user("mia", is_staff=True)
    page = walk.page(Tenant, "change", five["dune"].pk)
    assert "Nobody looks after it" in operator.get(page).content.decode()
    url = walk.page(Tenant, "act", five["dune"].pk, "hand_over")
    operator.post(url, {"confirmed": "yes", "owner": "mia"})
    drain()
    assert "<strong>mia</strong> looks after it" in operator.get(page).content.decode()
    User.objects.get(username="mia").delete()
    assert Tenant.objects.get(pk=five["dune"].pk).owner is None


def test_the_timeline_is_searched_by_its_text(viewer: Client, five: dict[str, Tenant]) -> None:
    dune = five["dune"]
    for text in ("They pay on Friday.", "Retried."):
        Event.objects.create(tenant=dune, kind=EventKind.NOTE, text=text)
    page = walk.page(Tenant, "change", dune.pk)
    for query, expected in (
        ("find=friday", 1),
        ("find=100%25", 0),
        ("timeline=messages&find=pay", 0),
    ):
        context = viewer.get(f"{page}?{query}").context
        assert len(context["events"]) == expected, query
        assert "find=" in context["live_url"]
