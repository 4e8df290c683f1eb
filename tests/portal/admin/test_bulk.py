"""The page of a bulk run: what it says, who may stop it or do it again."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from connect.models import Connection
from portal import bulk, roles
from portal.actions import action as registry
from portal.models import BulkItem, BulkItemStatus, BulkRun
from tenants.models import Tenant
from tests.portal.admin import strangers, walk
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
ACTIONS = registry.of(Tenant)
PAGE_QUERIES = 8


def start(action: str = "pause", count: int = 4, **options: str) -> BulkRun:
    if not Connection.objects.exists():
        strangers.connected(range(count))
    chosen = list(Connection.objects.select_related("tenant").order_by("pk"))
    run = BulkRun(action=action, label="Pause", actor="olga", total=len(chosen), options=options)
    return bulk.start(
        run, [BulkItem(run=run, tenant=each.tenant, connection=each) for each in chosen]
    )


def settle(run: BulkRun, *outcomes: tuple[BulkItemStatus, str]) -> None:
    for item, (status, text) in zip(run.items.order_by("pk"), outcomes, strict=True):
        BulkItem.objects.filter(pk=item.pk).update(status=status, text=text)
    BulkRun.objects.update(finished_at=timezone.now())


def said(answer: Any) -> str:
    return " ".join(str(each) for each in get_messages(answer.wsgi_request))


def page(client: Client, run: Model, view: str = "change") -> str:
    return " ".join(client.get(walk.page(BulkRun, view, run.pk)).content.decode().split())


def test_it_shows_how_far_it_is_and_renews_itself(viewer: Client) -> None:
    run = start(note="Their data centre moves.", until="2026-11-24T08:00:00+00:00")
    first = run.items.order_by("pk")[0]
    BulkItem.objects.filter(pk=first.pk).update(status=BulkItemStatus.DONE)
    html = page(viewer, run)
    assert 'data-live-every="1"' in html
    for text in (
        "1 done, 3 still to do",
        "Running",
        "24 Nov 2026, 08:00 UTC",
        "Their data centre moves.",
    ):
        assert text in html
    part = page(viewer, run, "live")
    assert 'aria-label="Pause: 1 done, 3 still to do"' in part
    assert "<html" not in part


def test_it_says_what_came_of_it_and_stops_renewing_itself(viewer: Client) -> None:
    run = start()
    settle(
        run,
        (BulkItemStatus.DONE, "Pause: accepted."),
        (BulkItemStatus.SKIPPED, "it is already paused"),
        (BulkItemStatus.SKIPPED, "it is already paused"),
        (BulkItemStatus.FAILED, "Heroku Connect answers 409: not idle"),
    )
    html = page(viewer, run)
    assert 'data-live-every="0"' in html
    assert '<td>it is already paused</td><td class="number">2</td>' in html
    assert "Heroku Connect answers 409: not idle" in html
    for status, count in (("done", 1), ("skipped", 2), ("failed", 1)):
        query = {"run__id__exact": str(run.pk), "status__exact": status}
        found = viewer.get(walk.page(BulkItem, "changelist"), query)
        assert found.context["cl"].result_count == count


@pytest.mark.parametrize(
    ("statuses", "label", "tone", "words"),
    [
        (["done", "done"], "Done", "good", "2 done"),
        (["done", "skipped"], "Partly done", "wait", "1 done, 1 skipped"),
        (["skipped", "skipped"], "Skipped", "muted", "2 skipped"),
        (["done", "failed"], "Partly done", "bad", "1 done, 1 failed"),
        (["partly", "done"], "Partly done", "wait", "1 done, 1 partly done"),
        (["failed", "skipped"], "Failed", "bad", "1 skipped, 1 failed"),
        (["done", "cancelled"], "Cancelled", "wait", "1 done, 1 cancelled"),
    ],
)
def test_a_run_is_done_only_if_all_its_tenants_are(
    viewer: Client, statuses: list[str], label: str, tone: str, words: str
) -> None:
    run = start(count=2)
    settle(run, *((BulkItemStatus(status), "x") for status in statuses))
    if "cancelled" in statuses:
        BulkRun.objects.update(cancelled_at=timezone.now(), cancelled_by="olga")
    shown = " ".join(viewer.get(walk.page(BulkRun, "changelist")).content.decode().split())
    for html in (page(viewer, run), shown):
        assert f'<span class="badge badge-{tone}">{label}</span>' in html
        assert f'<span class="split-words">{words}</span>' in html
        assert "2 of 2" not in html


def test_why_it_waits_is_said(viewer: Client) -> None:
    run = start()
    BulkRun.objects.update(waiting_for=bulk.BUDGET_RESERVED)
    assert f"Waiting for {bulk.BUDGET_RESERVED.replace(chr(39), '&#x27;')}" in page(viewer, run)


@pytest.mark.parametrize("name", ["pause", "offboard"])  # what operators may, and managers alone
@pytest.mark.parametrize("role", roles.permissions())
def test_a_user_who_may_do_it_may_cancel_it(sign_in: SignIn, role: str, name: str) -> None:
    run, client = start(name, 2), sign_in(role)
    may = ACTIONS[name].permission in roles.permissions()[role]
    assert (walk.page(BulkRun, "act", run.pk, "cancel") in page(client, run)) == may
    answer = client.post(walk.page(BulkRun, "act", run.pk, "cancel"))
    assert answer.status_code == (302 if may else 403)
    run.refresh_from_db()
    assert bool(run.finished_at) == may
    assert set(run.items.values_list("status", flat=True)) == {"cancelled" if may else "waiting"}


def test_what_is_left_over_can_be_tried_again(operator: Client) -> None:
    run = start(note="x")
    settle(
        run,
        (BulkItemStatus.DONE, ""),
        (BulkItemStatus.SKIPPED, ""),
        (BulkItemStatus.FAILED, "503"),
        (BulkItemStatus.CANCELLED, ""),
    )
    assertContains(operator.get(walk.page(BulkRun, "change", run.pk)), "2 left over")
    again = walk.page(BulkRun, "act", run.pk, "again")
    assertContains(operator.post(again), "It is done to these 2:")
    assert operator.post(again, {"confirmed": "yes"}).status_code == 302
    fresh = BulkRun.objects.latest("pk")
    assert (fresh.action, fresh.total, fresh.options, fresh.actor) == (
        "pause",
        2,
        {"note": "x"},
        "olga",
    )
    chosen = run.items.filter(status__in=("failed", "cancelled")).values_list("tenant", flat=True)
    assert set(fresh.items.values_list("tenant", flat=True)) == set(chosen)


def test_nothing_is_done_again_while_it_runs_or_when_all_went_well(operator: Client) -> None:
    run = start(count=1)
    again = walk.page(BulkRun, "act", run.pk, "again")
    assertContains(operator.post(again), "it is not finished")
    settle(run, (BulkItemStatus.DONE, ""))
    assert "nothing in it failed" in said(operator.post(again, {"confirmed": "yes"}))
    assertNotContains(operator.get(walk.page(BulkRun, "change", run.pk)), "left over")
    assert BulkRun.objects.count() == 1


@pytest.mark.parametrize("view", ["cancel", "again", "undo"])
def test_looking_stops_nothing(manager: Client, client: Client, view: str) -> None:
    run = start(count=1)
    url = walk.page(BulkRun, "act", run.pk, view)
    assert manager.get(url).status_code == (302 if view == "cancel" else 200)
    assert client.post(url)["Location"].startswith("/admin/login/")
    assert manager.post(walk.page(BulkRun, "act", run.pk + 1, view)).status_code == 404
    assert run.items.get().status == "waiting"


def test_the_page_costs_the_same_for_any_number_of_tenants(
    viewer: Client, django_assert_num_queries: Any
) -> None:
    few, url = start(count=2), walk.page(BulkRun, "change", 0)
    viewer.get(url.replace("/0/", f"/{few.pk}/"))
    with django_assert_num_queries(PAGE_QUERIES):
        viewer.get(url.replace("/0/", f"/{few.pk}/"))
    strangers.connected(range(3, 23))
    many = start()
    with django_assert_num_queries(PAGE_QUERIES):
        viewer.get(url.replace("/0/", f"/{many.pk}/"))
