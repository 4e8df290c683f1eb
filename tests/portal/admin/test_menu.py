"""The menu: each page in one group, the current one marked, with the counts a person may see."""

import re
from collections import Counter

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

import portal.urls  # noqa: F401  (registers the pages)
from connect.models import Incident, Rollout
from portal import menu_count, roles
from portal.dashboard.worklist import total
from portal.models import BulkRun
from portal.navigation import counts
from portal.navigation.groups import Entry, groups
from tenants.models import Switch, Tenant
from tests.documents import ROOT
from tests.portal.admin import strangers, walk
from tests.portal.admin.conftest import SignIn

pytestmark = pytest.mark.django_db


def menu_of(client: Client, address: str = "/admin/") -> str:
    html = " ".join(client.get(address).content.decode().split())
    return html.partition('id="navigation"')[2].partition("</nav>")[0]


def test_each_registered_model_is_in_exactly_one_group() -> None:
    placed = Counter(
        entry.label for group in groups() for entry in group.entries if isinstance(entry, Entry)
    )
    registered = {model._meta.label for model in admin.site._registry}
    assert registered - placed.keys() == set(), "add them to portal/navigation/groups.py"
    assert placed.keys() - registered == set()
    assert {label for label, times in placed.items() if times > 1} == set()


def test_the_guide_names_the_groups_in_the_order_of_the_menu() -> None:
    _, _, text = (ROOT / "docs/staff.md").read_text().partition("\n## The menu\n")
    said = re.findall(r"\*([^*]+)\*", text)
    names = [group.name for group in groups()]
    assert said[: len(names)] == names


# These have their words from elsewhere: "Mappings" is the heading of their group, or the title.
OWN_WORDS = {"connect.DefaultTemplate", "connect.Mapping"}


@pytest.mark.parametrize("label", [each._meta.label for each in admin.site._registry])
def test_a_page_has_the_words_of_its_entry_in_the_menu(label: str) -> None:
    entries = [each for group in groups() for each in group.entries if isinstance(each, Entry)]
    (entry,) = [each for each in entries if each.label == label]
    title = str(apps.get_model(label)._meta.verbose_name_plural).lower().split()
    if label not in OWN_WORDS:
        assert set(entry.name.lower().split()) <= set(title)


def test_people_have_roles_and_no_page_says_groups(superuser: Client) -> None:
    roles.ensure()  # without them the list has no filter that names them
    person = User.objects.get(username="root")
    for url in (
        walk.page(Group, "changelist"),
        walk.page(Group, "add"),
        walk.page(User, "changelist"),
        walk.page(User, "change", person.pk),
    ):
        html = superuser.get(url).content.decode()
        # Django keeps the names of its permissions in the database.
        said = re.sub(r"(?s)<select.*?</select>", "", html.partition('id="content"')[2])
        text = re.sub(r"<[^>]+>", " ", said)
        assert "role" in text.lower(), url
        assert not re.search(r"\bgroups?\b", text, re.IGNORECASE), url


def test_the_groups_stand_in_the_order_of_the_work(superuser: Client) -> None:
    listed = superuser.get("/admin/").context["app_list"]
    names = [group["name"] for group in listed]
    assert (names[:2], names[-5:]) == (
        ["Work", "Mappings"],
        ["History", "Fleet", "Machine room", "Staff", "Help"],
    )
    work = [entry["name"] for entry in listed[0]["models"]]
    assert work == [
        *(
            "Dashboard",
            "Attention",
            "Tenants",
            "Incidents",
            "Write errors",
            "Roll-outs",
            "Bulk runs",
        ),
    ]
    assert [group["name"] for group in listed if group["is_folded"]] == ["Machine room"]


def test_the_current_page_is_marked_also_below_a_list(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    tenants = "/admin/tenants/tenant/"
    for address, current in (
        (tenants, "page"),
        (f"{tenants}{five['acme'].pk}/change/", "true"),
        ("/admin/", "page"),
    ):
        marked = re.findall(r'href="([^"]+)" aria-current="(\w+)"', menu_of(viewer, address))
        assert marked == [(tenants if "tenant" in address else "/admin/", current)]


def test_a_folded_group_is_open_while_its_page_is_shown(viewer: Client) -> None:
    assert "<details open>" not in menu_of(viewer)
    assert "<details open>" in menu_of(viewer, "/admin/portal/heartbeat/")


def test_the_counts_say_how_much_there_is_to_do(viewer: Client, five: dict[str, Tenant]) -> None:
    now = timezone.now()
    Incident.objects.create(kind="token", status="open", opened_at=now, text="Refused.")
    Incident.objects.create(kind="region", status="closed", closed_at=now, text="It was away.")
    Rollout.objects.create(author="mia", status="paused", pause_reason="x")
    Rollout.objects.create(author="mia", status="done")
    BulkRun.objects.create(action="pause", label="Pause", total=1)
    Switch.objects.create(name="provisioning", on=False, why="Heroku is away", who="mia")
    said = re.findall(r">([\w -]+) <span [^>]*>(\d+)<span [^>]*> ([\w ]+)<", menu_of(viewer))
    assert said == [
        ("Attention", "3", "to look at"),
        ("Tenants", "4", "current"),
        ("Incidents", "1", "open"),
        ("Roll-outs", "1", "under way"),
        ("Bulk runs", "1", "under way"),
        ("Kill switches", "1", "off"),
    ]


def test_all_counts_cost_one_query_and_are_those_that_a_person_may_see(
    viewer: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    strangers.make(3)
    request = RequestFactory().get("/admin/")
    request.user = viewer.get("/admin/").wsgi_request.user
    request.user.has_perm("tenants.view_tenant")  # reads the person
    with django_assert_num_queries(1):
        assert "connect.Incident" in counts.ask(request)()


def test_the_worklists_count_is_kept_for_a_while(
    monkeypatch: pytest.MonkeyPatch, viewer: Client, five: dict[str, Tenant]
) -> None:
    cache.clear()
    monkeypatch.setattr(total, "KEPT_SECONDS", 60)
    said = r'Attention <span class="menu-count menu-count-bad" [^>]*>(\d+)<span [^>]*> to look at'
    (before,) = re.findall(said, menu_of(viewer, "/admin/runbook/"))
    strangers.connected(range(3), blocked_at=timezone.now(), blocked_reason="No.")
    assert re.findall(said, menu_of(viewer, "/admin/runbook/")) == [before]
    cache.clear()
    assert re.findall(said, menu_of(viewer, "/admin/runbook/")) == [str(int(before) + 3)]
    cache.clear()


def test_who_may_not_see_incidents_does_not_see_how_many_there_are(sign_in: SignIn) -> None:
    client = sign_in(roles.VIEWER)
    Incident.objects.create(kind="token", status="open", opened_at=timezone.now(), text="x")
    role = Group.objects.get(name=roles.VIEWER)
    role.permissions.remove(role.permissions.get(codename="view_incident"))
    menu = menu_of(client)
    assert "Tenants" in menu
    assert "Incidents" not in menu
    assert " open<" not in menu


def test_a_large_number_is_not_counted_to_the_end(
    monkeypatch: pytest.MonkeyPatch, viewer: Client
) -> None:
    monkeypatch.setattr(menu_count, "MAX_COUNTED", 3)
    strangers.make(5)
    assert ">2+<" in menu_of(viewer)
