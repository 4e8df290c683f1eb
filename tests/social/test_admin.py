"""Collected posts in the admin: runs, "collect now", results by tenant, the dashboard's card."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from connect.models import Stage
from portal.models import BulkItem, BulkItemStatus
from social import dashboard, switches
from social.models import CollectionRun, Handle, Post, RunOutcome, Spend, TenantCollection, Trigger
from tenants.models import Switch
from tests import cast, queue
from tests.portal.admin import walk
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db

RUNS = "/admin/social/collectionrun/"
COLLECT = f"{RUNS}do/collect/"
HOSTILE = "<script>alert(1)</script>"


def make_run(**more: object) -> CollectionRun:
    """Store a finished run."""
    facts = {"outcome": RunOutcome.DONE, "finished_at": timezone.now(), **more}
    return CollectionRun.objects.create(trigger=Trigger.SCHEDULE, **facts)


@pytest.fixture
def result(db: None) -> TenantCollection:
    """What a run did for Acme: refused a hostile handle, failed with hostile words."""
    tenant = cast.enrol(cast.ACME)
    facts = {"organization_id": tenant.org_id, "state": "IDLE"}
    row = cast.connect(tenant, Stage.LIVE, **facts)
    handle = Handle.objects.create(name="acme", refused_at=timezone.now(), refusal=HOSTILE)
    run = make_run(tenants=1, tenants_failed=1, note=HOSTILE)
    Post.objects.create(
        id=7,
        handle=handle,
        author="Acme",
        body=HOSTILE,
        posted_at=timezone.now(),
        likes=1,
        reposts=2,
        changed_in=run.pk,
    )
    Spend.objects.create(day=datetime.now(UTC).date(), calls=3, posts=42)
    return TenantCollection.objects.create(
        run=run,
        connection=row,
        accounts=3,
        error=HOSTILE,
        refused=[{"account": "001A", "handle": HOSTILE, "why": "not a handle"}],
        refused_count=1,
    )


def pages(result: TenantCollection) -> list[str]:
    """Every page about posts."""
    here = "/admin/social"
    rows = ("collectionrun", result.run_id), ("tenantcollection", result.pk), ("handle", "acme")
    more = (("post", 7), ("spend", result.run.started_at.astimezone(UTC).date()))
    lists = [f"{here}/{name}/" for name, _ in (*rows, *more)]
    return [*lists, *(f"{here}/{name}/{key}/change/" for name, key in (*rows, *more))]


def test_every_role_reads_every_page_and_nothing_in_it_is_run(
    viewer: Client, result: TenantCollection
) -> None:
    for url in pages(result):
        answer = viewer.get(url)
        assert answer.status_code == 200, url
        assert HOSTILE not in answer.content.decode(), url


def test_a_runs_page_shows_each_tenants_counts_and_errors(
    viewer: Client, result: TenantCollection
) -> None:
    html = viewer.get(f"{RUNS}{result.run_id}/change/").content.decode()
    assert "&lt;script&gt;" in html
    assert "Acme &amp; Söhne" in html
    assert f"/admin/social/tenantcollection/?run={result.run_id}" in html
    listed = viewer.get(f"/admin/social/tenantcollection/?run={result.run_id}")
    assert listed.context["cl"].result_count == 1


@pytest.mark.parametrize(
    ("trouble", "count"), [("error", 1), ("skipped", 0), ("refused", 1), ("nonsense", 1)]
)
def test_results_are_found_by_their_trouble(
    viewer: Client, result: TenantCollection, trouble: str, count: int
) -> None:
    listed = viewer.get(f"/admin/social/tenantcollection/?trouble={trouble}")
    assert listed.context["cl"].result_count == count


def test_lists_cost_the_same_for_any_number_of_rows(
    viewer: Client, result: TenantCollection
) -> None:
    urls = walk.warm(viewer, [*pages(result)[:5], f"{RUNS}{result.run_id}/change/"])
    few = [walk.queries(viewer, url) for url in urls]
    for number in range(20):
        who = {**cast.CIRRUS, "org_id": f"00D00000000{number:04d}EAA"}
        other = cast.connect(cast.enrol(who))
        TenantCollection.objects.create(run=result.run, connection=other, error="e")
        make_run()
        Handle.objects.create(name=f"h{number}")
        Spend.objects.create(day=date(2026, 1, 1) + timedelta(days=number))
    assert [walk.queries(viewer, url) for url in urls] == few
    assert max(few) <= 16


def test_posts_have_a_group_of_their_own_after_the_mappings(superuser: Client) -> None:
    listed = superuser.get("/admin/").context["app_list"]
    assert [group["name"] for group in listed[:4]] == ["Work", "Mappings", "Posts", "History"]
    assert {model["object_name"] for model in listed[2]["models"]} == {
        *("CollectionRun", "TenantCollection", "Handle", "Post", "Spend"),
    }


# --- collect now ---------------------------------------------------------------------------------


def test_an_operator_collects_now_and_the_run_bears_the_name(operator: Client) -> None:
    assert "Collect now" in operator.get(RUNS).content.decode()
    answer = operator.post(COLLECT, follow=True)
    assert "is queued" in answer.content.decode()
    queue.drain()
    run = CollectionRun.objects.get()
    assert (run.trigger, run.actor) == (Trigger.STAFF, "olga")
    assert BulkItem.objects.get().status == BulkItemStatus.DONE


def test_a_viewer_does_not(viewer: Client) -> None:
    assert "Collect now" not in viewer.get(RUNS).content.decode()
    assert viewer.post(COLLECT).status_code == 403
    assert not OrmQ.objects.exists()


def test_looking_at_the_address_collects_nothing(operator: Client) -> None:
    assert operator.get(COLLECT)["Location"] == RUNS
    assert not OrmQ.objects.exists()


def _no_token(settings: Settings) -> None:
    settings.X_BEARER_TOKEN = ""


def _switched_off(_: Settings) -> None:
    Switch.objects.create(name=switches.SOCIAL_JOB.name, on=False, why="too dear")


@pytest.mark.parametrize(
    ("hinder", "words"), [(_no_token, "X_BEARER_TOKEN"), (_switched_off, "kill switch")]
)
def test_what_hinders_it_is_said_instead(
    sign_in: SignIn, settings: Settings, hinder: Callable[[Settings], None], words: str
) -> None:
    hinder(settings)
    manager = sign_in("Manager")
    page = manager.get(RUNS).content.decode()
    assert words in page
    assert "Collect now" not in page
    assert words in manager.post(COLLECT, follow=True).content.decode()
    assert not OrmQ.objects.exists()


# --- the dashboard -------------------------------------------------------------------------------


def test_the_dashboard_shows_posts_by_day_and_what_may_still_be_spent(
    viewer: Client, result: TenantCollection
) -> None:
    html = " ".join(viewer.get("/admin/").content.decode().split())
    assert "Today <strong>42</strong> of 5000" in html
    chart = html.partition('aria-label="Posts of the last')[2].partition("</svg>")[0]
    assert chart.count('class="chart-area fill-good" d="M') == 1
    assert "1 tenant failed" in html
    assert HOSTILE not in html


def test_who_may_not_see_runs_sees_no_card(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("new", is_staff=True))
    assert "Posts per day" not in client.get("/admin/").content.decode()


def test_the_fullest_day_is_as_high_as_the_drawing() -> None:
    days = [(date(2026, 11, 1) + timedelta(days=n), n * 10) for n in range(3)]
    drawn = dashboard.chart(days)
    assert drawn is not None
    assert (drawn.top, drawn.unit, drawn.end) == (20, "posts", "today")
    assert drawn.rows == [("3 Nov", [20]), ("2 Nov", [10]), ("1 Nov", [0])]


def test_days_without_a_row_count_as_nothing(db: None) -> None:
    card = dashboard.card(timezone.now())
    assert card.chart is None
    assert (card.today, card.month, card.last) == (0, 0, None)
