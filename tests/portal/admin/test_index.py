"""The index: its menu, and the dashboard's cards."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from connect.models import ApiBudget, Connection, Health, Incident, Rollout, WriteError
from portal import roles
from portal.dashboard import page
from portal.dashboard.cards import attention as attention_card
from portal.dashboard.cards import write_errors
from portal.models import BulkRun, Heartbeat
from tenants.models import Switch, Tenant
from tests.portal.admin import strangers, walk
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db
# Session, person, the newest press; three statements for all cards; the rest stores the snapshot.
MAX_QUERIES = 13


def html_of(client: Client) -> str:
    html = " ".join(client.get("/admin/").content.decode().split())
    return re.sub("</?time[^>]*>", "", html)  # the words alone


def test_staff_accounts_are_for_superusers(superuser: Client, manager: Client) -> None:
    assert superuser.get("/admin/auth/user/").status_code == 200
    assert manager.get("/admin/auth/user/").status_code == 403
    assert 'href="/admin/auth/user/"' not in html_of(manager)


def test_a_member_of_staff_is_deactivated_and_never_deleted(superuser: Client) -> None:
    user = User.objects.create_user("gone")
    assert superuser.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", ["association", "nonce", "usersocialauth"])
def test_the_sign_in_packages_own_tables_have_no_page(superuser: Client, model: str) -> None:
    assert superuser.get(f"/admin/social_django/{model}/").status_code == 404


# --- the dashboard -------------------------------------------------------------------------------


def numbers(html: str) -> Iterator[tuple[str, int]]:
    """Yield each link to a filtered list with the number that it bears."""
    found = re.findall(r'<a (?:class="[^"]*" )?href="([^"]+\?[^"]+)">(.*?)</a>', html)
    for address, inside in found:
        number = re.search(r"<(?:strong|span)[^>]*(?:bar-value|stat-value|)[^>]*>(\d+)<", inside)
        if number:
            yield address.replace("&amp;", "&"), int(number.group(1))


def counted_on(answer: Any) -> int:
    """Return how many rows a list has, or the worklist."""
    context = answer.context
    return int(context["listed"] if "listed" in context else context["cl"].result_count)


def test_each_number_leads_to_exactly_what_it_counts(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    strangers.make(3)
    Health.objects.filter(connection__tenant__name="Stranger 1").update(condition="degraded")
    Health.objects.filter(connection__tenant__name="Stranger 2").update(condition="paused")
    counted = dict(numbers(html_of(viewer)))
    assert len(counted) >= 12
    for address, number in counted.items():
        assert counted_on(viewer.get(address)) == number, address


def test_the_failed_writes_lead_to_the_causes_that_they_have(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    strangers.health(five["acme"].connections.get(), five["ember"].connections.get())
    acme = WriteError.objects.get(connection__tenant=five["acme"])
    shown = write_errors.read(timezone.now())
    assert (shown["total"], [(bar.label, bar.value) for bar in shown["chart"].bars]) == (
        3,
        [(acme.cause, 3)],
    )
    assert viewer.get(shown["chart"].bars[0].url).context["cl"].queryset.get() == acme


def test_the_dashboard_costs_the_same_however_many_tenants_there_are(
    manager: Client, five: dict[str, Tenant]
) -> None:
    counts = []
    manager.get("/admin/dashboard/")  # the first request of a session writes its row
    for start in (1, 11):
        strangers.make(10, start=start)
        with CaptureQueriesContext(connection) as queries:
            manager.get("/admin/dashboard/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= MAX_QUERIES


def test_the_fragment_is_what_the_page_shows_and_is_for_staff_alone(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    fragment = viewer.get("/admin/dashboard/").content.decode()
    parts = len(page.CARDS) + 1  # the number beside Attention comes with the cards
    assert fragment.count("data-live-part") == parts
    assert "<html" not in fragment
    assert html_of(viewer).count("data-live-part") == parts
    assert Client().get("/admin/dashboard/").status_code == 302
    assert viewer.post("/admin/dashboard/").status_code == 405


def test_staff_without_a_role_see_a_note(sign_in: SignIn) -> None:
    client = sign_in(roles.VIEWER)
    Group.objects.get(name=roles.VIEWER).permissions.clear()
    assert "Your account has no role" in html_of(client)


def test_tenants_that_need_attention_are_listed_worst_first_with_their_button(
    operator: Client, five: dict[str, Tenant]
) -> None:
    Connection.objects.filter(tenant=five["cirrus"]).update(
        stage_since=timezone.now() - timedelta(hours=1)
    )
    html = html_of(operator).partition('class="cases"')[2].partition("</ol>")[0]
    assert html.index("Dune Ltd") < html.index("Cirrus")
    assert "Heroku could not provision hc-abc123: it is deprovisioned." in html
    assert f'action="{walk.page(Tenant, "act", five["dune"].pk, "retry")}"' in html
    assert f'action="{walk.page(Tenant, "act", five["cirrus"].pk, "approve")}"' in html
    assert "Borealis" not in html


@pytest.mark.parametrize(
    ("state", "condition", "press"),
    [
        ("UNAUTHORIZED", "needs_authorization", "reauthorize"),
        ("SYSTEM_ERROR", "broken", "restart"),
    ],
)
def test_what_is_broken_is_offered_what_can_mend_it(
    operator: Client, five: dict[str, Tenant], state: str, condition: str, press: str
) -> None:
    five["acme"].connections.update(state=state)
    Health.objects.filter(connection__tenant=five["acme"]).update(condition=condition)
    html = html_of(operator).partition('class="cases"')[2].partition("</ol>")[0]
    acme = f'action="/admin/tenants/tenant/{five["acme"].pk}/do/'
    assert re.findall(rf'{acme}(\w+)/"', html) == [press]


def test_every_cause_leads_to_all_of_its_rows(viewer: Client) -> None:
    strangers.make(1)
    now = timezone.now()
    Rollout.objects.update(status="paused", pause_reason="Look.", paused_by="portal")
    Incident.objects.create(kind="token", status="open", opened_at=now, text="Refused.")
    strangers.connected(range(100, 112), blocked_at=now, blocked_reason="No.")
    shown = attention_card.of(User(is_superuser=True), attention_card.read(now), now)
    found = {cause.name: count for cause, count, _ in shown["tallies"]}
    assert found["blocked"] == 12
    assert found["broken"] == found["paused_rollout"] == found["shared"] == 1
    assert shown["hidden"] == shown["total"] - 10
    for cause, count, url in shown["tallies"]:
        assert viewer.get(cause.url).context["cl"].result_count == count, cause.name
        assert viewer.get(url).context["listed"] == count, cause.name


def test_with_a_snoozed_tenant_the_dashboard_does_not_say_that_all_is_well(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    Connection.objects.filter(tenant=five["cirrus"]).delete()
    Connection.objects.update(snoozed_until=timezone.now() + timedelta(hours=1))
    html = html_of(viewer)
    assert "Nothing needs attention" not in html
    assert "1 snoozed tenant</a> needs attention too" in html
    Connection.objects.update(blocked_at=None, blocked_reason="", waiting_on="portal")
    assert "Nothing needs attention" in html_of(viewer)


def test_a_viewer_sees_why_but_no_button(viewer: Client, five: dict[str, Tenant]) -> None:
    html = html_of(viewer).partition('class="cases"')[2].partition("</ol>")[0]
    assert "Dune Ltd" in html
    assert "<button" not in html


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (None, "no worker has ever run"),
        (timedelta(seconds=5), r"beat \d seconds ago"),
        (timedelta(minutes=7), "for 7 minutes: no work is done"),
    ],
)
def test_the_first_card_shows_whether_the_worker_runs(
    viewer: Client, age: timedelta | None, words: str
) -> None:
    if age is not None:
        Heartbeat.objects.create(worker="w", beat_at=timezone.now() - age)
    # A busy machine may need some seconds for the page.
    assert re.search(words, html_of(viewer))


@pytest.mark.parametrize(
    ("waits", "words"),
    [(None, "Empty"), (timedelta(seconds=9), "badge-busy"), (timedelta(minutes=9), "9 minutes")],
)
def test_the_first_card_shows_how_long_the_oldest_task_has_waited(
    viewer: Client, waits: timedelta | None, words: str
) -> None:
    if waits is not None:
        OrmQ.objects.create(key="x", payload="", lock=timezone.now() - waits)
    queue = html_of(viewer).partition("Queue</span>")[2].partition("</li>")[0]
    assert words in queue
    assert ("badge-bad" in queue) == (waits is not None and waits > timedelta(minutes=5))


def test_the_first_card_does_not_call_the_queue_empty_while_work_is_due(viewer: Client) -> None:
    past = timezone.now() - timedelta(minutes=9)
    BulkRun.objects.create(action="pause", label="Pause", total=1, next_attempt_at=past)
    queue = html_of(viewer).partition("Queue</span>")[2].partition("</li>")[0]
    assert "Empty" not in queue
    assert "Work is due" in queue
    assert "the oldest work has waited 9 minutes" in queue


@pytest.mark.parametrize(
    ("left", "tone", "words"),
    [
        (None, "muted", "no calls yet"),
        (4000, "good", "4,000 calls left"),
        (40, "bad", "left"),
    ],
)
def test_the_first_card_shows_what_is_left_of_herokus_budget(
    viewer: Client, left: int | None, tone: str, words: str
) -> None:
    if left is not None:
        ApiBudget.objects.create(peer="heroku", remaining=left)
    budget = html_of(viewer).partition("Heroku budget</span>")[2].partition("</li>")[0]
    assert f"badge-{tone}" in budget
    assert words in budget


def test_what_is_switched_off_is_said_with_the_reason(viewer: Client) -> None:
    Switch.objects.create(name="provisioning", on=False, why="Heroku has an incident", who="mia")
    html = html_of(viewer).partition("Provisioning</span>")[2].partition("</li>")[0]
    assert "Off</span>" in html
    assert "Heroku has an incident (mia, " in html


def test_an_empty_portal_says_where_the_first_tenant_comes_from(viewer: Client) -> None:
    assert "The first tenant appears when a subscriber installs the package" in html_of(viewer)
