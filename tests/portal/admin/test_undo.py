"""Undoing a run: the opposite for exactly what it changed; what was changed since is left out."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

import emulator as emulated
from connect.models import Connection, Tag
from portal.actions import action as registry
from portal.actions import care, opposites, runs, since, undoing
from portal.actions.action import Work
from portal.actions.subject import Subject
from portal.models import BulkItem, BulkRun
from tenants.models import OrgRule, OrgVerdict, Tenant
from tests import cast, queue
from tests.connect import fleet as fleets
from tests.portal.admin import strangers, walk

pytestmark = pytest.mark.django_db
TENANTS = registry.of(Tenant)
UNTIL = timezone.now().replace(microsecond=0) + timedelta(days=2)
SNOOZE = {"until": UNTIL.isoformat(), "note": "Holidays."}


@pytest.fixture
def three() -> list[Connection]:
    for name in ("olga", "mia"):
        User.objects.get_or_create(username=name, is_staff=True)
    return strangers.connected(range(3))


def subjects(*connections: Connection) -> list[Subject]:
    """Return them as they are now."""
    found = Connection.objects.select_related("tenant").order_by("pk")
    return [Subject(each.tenant, each) for each in found.filter(pk__in=[c.pk for c in connections])]


def press(name: str, chosen: list[Connection], actor: str = "olga", **options: Any) -> BulkRun:
    """Do an action to some tenants, as the worker does it."""
    started = runs.start(TENANTS[name], subjects(*chosen), actor, options).then
    queue.drain()
    return BulkRun.objects.get(pk=started.pk)  # type: ignore[union-attr]


def undo(run: BulkRun, actor: str = "olga") -> BulkRun:
    started = undoing.undo([run], actor, {}).then
    queue.drain()
    return BulkRun.objects.get(pk=started.pk)  # type: ignore[union-attr]


def outcomes(run: BulkRun) -> list[str]:
    return [item.status for item in run.items.order_by("pk")]


# --- the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", opposites.OPPOSITES)
def test_each_opposite_is_an_action_of_the_same_models_that_the_worker_does(name: str) -> None:
    done, back = TENANTS[name], TENANTS[opposites.OPPOSITES[name].name]
    assert isinstance(done.how, Work)
    assert isinstance(back.how, Work)
    assert done.models == back.models
    assert isinstance(back.permission, str)
    assert not back.destructive
    assert {name, back.name} <= opposites.family(name)


def test_what_changes_the_same_thing_is_one_family() -> None:
    assert opposites.family("assign") == {"assign", "hand_over", "unassign"}
    assert opposites.family("pause_until") == {"pause", "pause_until", "resume"}
    assert opposites.family("snooze") == {"snooze", "unsnooze"}


# --- back to what it was -------------------------------------------------------------------------


def test_owners_come_back_to_what_each_was(three: list[Connection]) -> None:
    _first, second, third = three
    press("assign", [second], "mia")
    press("assign", [third], "olga")
    run = press("assign", three, "olga")
    # The third one was olga's already: nothing was changed.
    assert outcomes(run) == ["done", "done", "skipped"]
    back = undo(run)
    assert (back.undoes, back.label, outcomes(back)) == (run, "Assign to", ["done", "done"])
    assert [care.owner_of(each) for each in subjects(*three)] == ["", "mia", "olga"]
    # And forth again.
    undo(back)
    assert [care.owner_of(each) for each in subjects(*three)] == ["olga", "olga", "olga"]


def test_a_snooze_ends_and_an_ended_one_comes_back_with_its_time(three: list[Connection]) -> None:
    first, *_ = three
    run = press("snooze", [first], **SNOOZE)
    undo(run)
    assert subjects(first)[0].connection.snoozed_until is None  # type: ignore[union-attr]
    press("snooze", [first], **SNOOZE)
    ended = press("unsnooze", [first])
    undo(ended)
    connection = Connection.objects.get(pk=first.pk)
    assert (connection.snoozed_until, connection.snooze_note) == (UNTIL, "Holidays.")


def test_what_was_snoozed_before_is_not_woken_by_undoing_another_snooze(
    three: list[Connection],
) -> None:
    first, second, _ = three
    press("snooze", [first], "mia", until=(UNTIL + timedelta(days=1)).isoformat(), note="Theirs.")
    run = press("snooze", [first, second], **SNOOZE)
    reach = undoing.reach(run, "olga")
    assert reach.possible == [str(second.tenant)]
    (left_out,) = reach.refused
    assert left_out.why.startswith("it was snoozed before, until ")


def test_a_block_and_a_tag_are_undone(three: list[Connection]) -> None:
    Tag.objects.create(name="pilots").tenants.add(three[0].tenant)
    undo(press("tag", three, tag="pilots"))
    # It had the tag before, so the run did not change it.
    assert list(Tag.objects.get().tenants.all()) == [three[0].tenant]
    OrgRule.objects.create(org_id=three[0].tenant.org_id, verdict=OrgVerdict.BLOCKED, why="Spam")
    Tenant.objects.filter(pk=three[0].tenant_id).update(is_blocked=True)
    undo(press("unblock_org", three[:1]))
    assert OrgRule.objects.get().why == "Spam"


def test_a_pause_is_resumed_and_an_end_comes_back(emulator: emulated.Running) -> None:
    member = fleets.Fleet(emulator, fleets.version(fleets.FIRST)).add(cast.ACME)
    User.objects.create_user("olga", is_staff=True)
    run = press("pause_until", [member.connection], **SNOOZE)
    assert (member.now().state, member.now().paused_until) == ("PAUSED", UNTIL)
    resumed = undo(run)
    assert (member.now().state, member.now().paused_until) == ("IDLE", None)
    undo(resumed)
    now = member.now()
    assert (now.state, now.paused_until, now.pause_note) == ("PAUSED", UNTIL, "Holidays.")


# --- changed since -------------------------------------------------------------------------------


def test_what_somebody_changed_since_is_left_out_with_the_name(three: list[Connection]) -> None:
    run = press("snooze", three, **SNOOZE)
    press("unsnooze", three[:1], "mia")
    press("snooze", three[:1], "mia", **SNOOZE)
    reach = undoing.reach(run, "olga")
    assert [(each.name, each.why) for each in reach.refused] == [
        (str(three[0].tenant), "mia pressed “Snooze” on it since")
    ]
    back = undo(run)
    assert back.total == 2
    assert subjects(three[0])[0].connection.snoozed_until == UNTIL  # type: ignore[union-attr]


def test_what_ended_by_itself_is_left_out_with_the_reason(three: list[Connection]) -> None:
    run = press("snooze", three[:1], **SNOOZE)
    Connection.objects.update(snoozed_until=timezone.now() - timedelta(hours=1))
    assert [each.why for each in undoing.reach(run, "olga").refused] == ["it is not snoozed"]
    assert [each.why for each in undoing.undo([run], "olga", {}).skipped] == ["it is not snoozed"]


def test_another_tag_is_no_change_of_this_one(three: list[Connection]) -> None:
    for name in ("pilots", "eu"):
        Tag.objects.create(name=name)
    run = press("tag", three, tag="pilots")
    press("tag", three, "mia", tag="eu")
    assert undoing.reach(run, "olga").refused == []
    press("untag", three[:1], "mia", tag="pilots")
    assert len(undoing.reach(run, "olga").refused) == 1


def test_what_changes_between_the_press_and_its_turn_is_left_out_too(
    three: list[Connection],
) -> None:
    run = press("assign", three)
    started = undoing.undo([run], "olga", {}).then
    assert isinstance(started, BulkRun)
    item = started.items.get(tenant=three[0].tenant)
    assert since.in_turn(started, item) == ""
    now = timezone.now()
    other = BulkRun.objects.create(action="hand_over", label="Assign to", actor="mia", total=1)
    BulkItem.objects.create(run=other, tenant=three[0].tenant, status="done", ended_at=now)
    assert since.in_turn(started, item) == "mia pressed “Assign to” on it since"
    queue.drain()
    assert outcomes(started) == ["skipped", "done", "done"]


# --- the pages -----------------------------------------------------------------------------------


def test_the_runs_page_offers_the_opposite_and_says_whom_it_skips(
    operator: Client, three: list[Connection]
) -> None:
    run = press("snooze", three, **SNOOZE)
    press("unsnooze", three[:1], "mia")
    page = walk.page(BulkRun, "change", run.pk)
    assertContains(operator.get(page), "“Undo” puts back exactly what this run changed (3)")
    question = walk.page(BulkRun, "act", run.pk, "undo")
    asked = operator.get(question)
    for text in ("Ends the snooze.", "these 2:", "Skipped: 1 of 3", "1: mia pressed"):
        assertContains(asked, text)
    answer = operator.post(question, {"confirmed": "yes"})
    back = BulkRun.objects.latest("pk")
    assert answer["Location"] == walk.page(BulkRun, "change", back.pk)
    assert (back.undoes, back.total) == (run, 2)
    queue.drain()
    assertContains(operator.get(page), f"run {back.pk}")
    assertNotContains(operator.get(page), "“Undo” puts back")
    # A second press finds it undone.
    operator.post(question, {"confirmed": "yes"})
    assert BulkRun.objects.latest("pk") == back


@pytest.mark.parametrize("name", ["refresh", "note", "approve"])
def test_what_has_no_opposite_offers_nothing(
    operator: Client, three: list[Connection], name: str
) -> None:
    run = BulkRun.objects.create(action=name, label="X", actor="olga", total=1)
    BulkItem.objects.create(run=run, tenant=three[0].tenant, status="done")
    BulkRun.objects.update(finished_at=timezone.now())
    assertNotContains(operator.get(walk.page(BulkRun, "change", run.pk)), "Undo")
    assert operator.post(walk.page(BulkRun, "act", run.pk, "undo")).status_code == 403


def test_a_viewer_undoes_nothing(viewer: Client, three: list[Connection]) -> None:
    run = press("snooze", three, **SNOOZE)
    assert walk.page(BulkRun, "act", run.pk, "undo") not in str(
        viewer.get(walk.page(BulkRun, "change", run.pk)).content
    )
    assert viewer.post(walk.page(BulkRun, "act", run.pk, "undo")).status_code == 403


def test_a_single_press_is_undone_from_the_tenants_page(
    operator: Client, three: list[Connection]
) -> None:
    first, page = three[0], walk.page(Tenant, "change", three[0].tenant_id)
    run = press("snooze", [first], **SNOOZE)
    assertContains(operator.get(page), walk.page(BulkRun, "act", run.pk, "undo"))
    back = undo(run)
    html = operator.get(page).content.decode()
    # The newer press is the one to undo now.
    assert walk.page(BulkRun, "act", run.pk, "undo") not in html
    assert walk.page(BulkRun, "act", back.pk, "undo") in html
    # One that was pressed for many is undone on its own page.
    many = press("snooze", three, **SNOOZE)
    assert walk.page(BulkRun, "act", many.pk, "undo") not in operator.get(page).content.decode()


def test_an_undo_costs_the_same_for_any_number(
    three: list[Connection], django_assert_num_queries: Any
) -> None:
    run = press("assign", three)
    with django_assert_num_queries(2):
        undoing.reach(run, "olga")
    more = press("assign", strangers.connected(range(10, 30)))
    with django_assert_num_queries(2):
        undoing.reach(more, "olga")
