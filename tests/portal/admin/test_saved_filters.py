"""Saved filters of a list: everybody's, and each person's own by name."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from connect.models import Connection, HostApp
from portal import roles
from portal.admin.kit import saved
from portal.models import SavedFilter
from tenants.models import Environment, Tenant
from tests.portal.admin import strangers
from tests.portal.admin.conftest import SignIn

LIST = "/admin/tenants/tenant/"
pytestmark = pytest.mark.django_db


def save(client: Client, name: str, query: str) -> str:
    answer = client.post(f"{LIST}filters/?{query}", {"name": name}, follow=True)
    return " ".join(str(each) for each in answer.context["messages"])


def names(client: Client, query: str = "") -> dict[str, bool]:
    shown = client.get(f"{LIST}?{query}").context["saved"].shown
    return {each.name: each.current for each in shown}


def test_everybody_has_the_presets_and_the_current_one_is_marked(viewer: Client) -> None:
    assert names(viewer) == {"Mine": False, "All attention": False, "EU sandboxes": False}
    assert names(viewer, "region=eu&org=sandbox")["EU sandboxes"]


def test_a_filter_is_saved_under_a_name_and_is_its_owners_alone(sign_in: SignIn) -> None:
    viewer, manager = sign_in(roles.VIEWER), sign_in(roles.MANAGER)
    query = "standing=live&proof__exact=signed"
    assert save(viewer, "Signed", query) == "The filter “Signed” is saved."
    assert names(viewer, query)["Signed"]
    assert "Signed" not in names(manager)
    # The address itself shows the same to everybody.
    assert manager.get(f"{LIST}?{query}").status_code == 200
    row = SavedFilter.objects.get()
    assert manager.post(f"{LIST}filters/{row.pk}/forget/").status_code == 404
    viewer.post(f"{LIST}filters/{row.pk}/forget/")
    assert "Signed" not in names(viewer)


def test_saving_a_name_again_replaces_its_filters(viewer: Client) -> None:
    save(viewer, "My view", "standing=live")
    save(viewer, "My view", "standing=blocked")
    assert SavedFilter.objects.get().query == "standing=blocked"


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("", "standing=live", "give the filter a name"),
        ("x" * 41, "standing=live", "give the filter a name"),
        ("Everything", "", "choose a filter first"),
        ("Acme", "q=ops@acme.example", "A searched text is not saved"),
    ],
)
def test_what_cannot_be_saved_says_why(viewer: Client, name: str, query: str, said: str) -> None:
    assert said in save(viewer, name, query)
    assert not SavedFilter.objects.exists()


def test_a_searched_text_is_left_out(viewer: Client) -> None:
    save(viewer, "Live", "q=acme&standing=live&p=1")
    assert SavedFilter.objects.get().query == "standing=live"


def test_what_is_no_filter_is_refused(viewer: Client) -> None:
    answer = viewer.post(f"{LIST}filters/?admin_email__regex=^a", {"name": "x"})
    assert (answer.status_code, SavedFilter.objects.count()) == (400, 0)
    assert viewer.get(f"{LIST}filters/").status_code == 405


def test_one_person_keeps_so_many_filters_of_a_list(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "MAX_SAVED", 1)
    save(viewer, "One", "standing=live")
    assert "Delete one first" in save(viewer, "Two", "standing=blocked")
    assert SavedFilter.objects.get().name == "One"


def test_mine_are_the_rows_of_the_reader(sign_in: SignIn) -> None:
    strangers.make(2)
    olga, vera = sign_in(roles.OPERATOR), sign_in(roles.VIEWER)
    own = Tenant.objects.get(name="Stranger 1")
    own.owner = User.objects.get(username="olga")
    own.save()
    assert list(olga.get(f"{LIST}?owner=me").context["cl"].result_list) == [own]
    assert list(vera.get(f"{LIST}?owner=me").context["cl"].result_list) == []
    assert list(vera.get(f"{LIST}?owner=@olga").context["cl"].result_list) == [own]
    assert own not in vera.get(f"{LIST}?owner=nobody").context["cl"].result_list


def test_eu_sandboxes_are_sandboxes_whose_host_app_is_in_the_eu(viewer: Client) -> None:
    strangers.make(3)
    eu = HostApp.objects.create(name="isv-connect-eu", region="eu")
    Connection.objects.filter(tenant__name__in=["Stranger 1", "Stranger 2"]).update(host_app=eu)
    Tenant.objects.filter(name__in=["Stranger 2", "Stranger 3"]).update(
        environment=Environment.SANDBOX
    )
    found = viewer.get(f"{LIST}?org=sandbox&region=eu").context["cl"].result_list
    assert [each.name for each in found] == ["Stranger 2"]


def test_all_attention_is_every_tenant_that_needs_somebody(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    found = viewer.get(f"{LIST}?attention=any").context["cl"].result_list
    each = {
        row
        for name, _ in viewer.get(LIST).context["cl"].filter_specs[0].lookup_choices
        if name not in ("any", "subscriber", "snoozed")
        for row in viewer.get(f"{LIST}?attention={name}").context["cl"].result_list
    }
    assert set(found) == each != set()
