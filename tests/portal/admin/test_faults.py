"""Each staff form that comes back says on top what is wrong, and keeps what was typed."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from connect.models import DefaultTemplate, Mapping, MappingTemplate, Rollout, Tag
from tenants.models import Tenant
from tests.portal.admin import walk

pytestmark = pytest.mark.django_db
FORMS: list[tuple[type[Model], str, dict[str, str], str]] = [
    (MappingTemplate, "add", {"notes": "Typed here.", "package": "current"}, "#id_document"),
    (Rollout, "add", {"notes": "Typed here.", "org_ids": "nonsense"}, "#id_org_ids"),
    (DefaultTemplate, "add", {"plan": "Typed here."}, "#id_template"),
    (Tag, "add", {"name": "", "tenants": "99999"}, "#id_name"),
    (Tenant, "change", {"name": "Typed here.", "admin_email": "nobody"}, "#id_admin_email"),
    (User, "add", {"username": "Typed here."}, "#id_username"),
    (Group, "add", {"name": ""}, "#id_name"),
]


class Faults(HTMLParser):
    """The links in the list on top of a page, and the ids of all its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        if tag == "a" and (given.get("href") or "").startswith("#id_"):
            self.links.append(given["href"] or "")


@pytest.mark.parametrize(
    ("model", "view", "data", "link"), FORMS, ids=[each[0].__name__ for each in FORMS]
)
def test_a_form_with_faults_lists_them_on_top_with_links(
    superuser: Client,
    five: dict[str, Tenant],
    model: type[Model],
    view: str,
    data: dict[str, str],
    link: str,
) -> None:
    keys = [five["acme"].pk] if view == "change" else []
    answer = superuser.post(walk.page(model, view, *keys), data)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<title>Error: " in html
    assert "errornote" not in html
    assert html.index("data-focus") < html.index("<form", html.index('id="content"'))
    found = Faults(html)
    assert link in found.links
    assert {each.removeprefix("#") for each in found.links} <= found.ids
    for value in data.values():
        assert not value or value in html


@pytest.mark.parametrize("model", [MappingTemplate, Rollout, Tag, User])
def test_a_fresh_form_has_no_list_of_faults(superuser: Client, model: type[Model]) -> None:
    assert "data-focus" not in superuser.get(walk.page(model, "add")).content.decode()


def confirm(client: Client, row: Model, name: str, **answers: Any) -> str:
    view = f"admin:{row._meta.app_label}_{row._meta.model_name}_act"
    url = reverse(view, args=[row.pk, name])
    answer = client.post(url, {"confirmed": "yes", **answers})
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_confirmation_lists_what_is_wrong_and_keeps_the_answers(
    superuser: Client, five: dict[str, Tenant]
) -> None:
    mapping = Mapping.objects.get()
    html = confirm(superuser, mapping, "edit", fields_wanted="Typed__c", access="read_only")
    found = Faults(html)
    assert found.links == ["#id_sf_polling_seconds"]
    assert "Typed__c" in html
    # The page fills this one, so its fault has no field to lead to.
    assert re.search(r"<li>Revision: This field is required\.</li>", html)


def test_the_link_to_a_group_of_radio_buttons_leads_to_the_first_one(
    superuser: Client, five: dict[str, Tenant]
) -> None:
    html = confirm(superuser, five["acme"], "offboard", schema_fate="burn", typed="Acm")
    found = Faults(html)
    assert set(found.links) == {"#id_schema_fate_0", "#id_typed"}
    assert {each.removeprefix("#") for each in found.links} <= found.ids


def test_the_comparison_lists_what_is_wrong(superuser: Client) -> None:
    url = reverse("admin:connect_mappingtemplate_compare")
    html = superuser.get(url, {"left-org_id": "nonsense"}).content.decode()
    assert Faults(html).links == ["#id_left-org_id"]
