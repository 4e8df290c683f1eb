"""The index: what is on it in which order, and the line on top."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Heartbeat
from tenants.models import Switch, Tenant
from tests.portal.admin import rows

pytestmark = pytest.mark.django_db


def html_of(client: Client) -> str:
    return " ".join(client.get("/admin/").content.decode().split())


def test_the_order_is_the_order_of_the_work(superuser: Client) -> None:
    listed = superuser.get("/admin/").context["app_list"]
    assert [app["name"] for app in listed] == [
        *("Tenants", "Heroku Connect", "Social posts", "Queue", "Staff"),
    ]
    assert [model["object_name"] for model in listed[3]["models"]] == [
        "OrmQ",
        "Failure",
        "Success",
        "Schedule",
        "Heartbeat",
    ]


def test_staff_accounts_are_for_superusers(superuser: Client, manager: Client) -> None:
    assert superuser.get("/admin/auth/user/").status_code == 200
    assert manager.get("/admin/auth/user/").status_code == 403
    assert "Staff" not in html_of(manager).partition("<footer")[0]


def test_a_member_of_staff_is_deactivated_and_never_deleted(superuser: Client) -> None:
    user = User.objects.create_user("gone")
    assert superuser.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", ["association", "nonce", "usersocialauth"])
def test_the_sign_in_packages_own_tables_have_no_page(superuser: Client, model: str) -> None:
    assert superuser.get(f"/admin/social_django/{model}/").status_code == 404


def test_each_number_leads_to_the_tenants_it_counts(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    rows.strangers(3)
    pulse = viewer.get("/admin/").context["pulse"]
    tallies = pulse.attention + pulse.stages
    assert {tally.label: tally.count for tally in tallies} == {
        "Blocked": 1,
        "Waiting for staff": 1,
        "Waiting for proof": 1,
        "Creating the add-on": 1,
        "Waiting for authorization": 1,
        "Live": 4,
        "Off-boarded": 1,
    }
    for tally in tallies:
        assert tally.url in html_of(viewer).replace("&amp;", "&")
        assert viewer.get(tally.url).context["cl"].result_count == tally.count


def test_the_index_costs_the_same_however_many_tenants_there_are(viewer: Client) -> None:
    counts = []
    for start in (1, 11):
        rows.strangers(10, start=start)
        with CaptureQueriesContext(connection) as queries:
            viewer.get("/admin/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (None, "none has ever run"),
        (timedelta(seconds=5), "Worker alive</span> last heartbeat 5 seconds ago"),
        (timedelta(minutes=7), "last heartbeat 7 minutes ago: nothing moves"),
    ],
)
def test_the_line_on_top_tells_whether_the_worker_lives(
    viewer: Client, age: timedelta | None, words: str
) -> None:
    if age is not None:
        Heartbeat.objects.create(worker="w", beat_at=timezone.now() - age)
    assert words in html_of(viewer)


def test_what_is_switched_off_is_said_with_the_reason(viewer: Client) -> None:
    Switch.objects.create(name="provisioning", on=False, why="Heroku has an incident", who="mia")
    assert "Provisioning off</span> Heroku has an incident (mia, " in html_of(viewer)


def test_an_empty_portal_says_where_the_first_tenant_comes_from(viewer: Client) -> None:
    assert "The first one comes with the first callout" in html_of(viewer)
