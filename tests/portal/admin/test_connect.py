"""Connections and mapping templates."""

import json

import pytest
from django.test import Client

from connect.models import Connection, MappingTemplate
from tenants.models import Tenant
from tests.portal.admin import rows, walk

pytestmark = pytest.mark.django_db
FAULTY = {"mappings": [{"object_name": "Account", "config": {"access": "all", "fields": {}}}]}


def add(client: Client, document: str) -> tuple[int, str]:
    data = {"notes": "Posts too.", "document": document}
    answer = client.post(walk.page(MappingTemplate, "add"), data)
    return answer.status_code, answer.content.decode()


def test_a_new_version_gets_the_next_number_and_its_authors_name(manager: Client) -> None:
    for _ in range(2):
        assert add(manager, json.dumps(rows.DOCUMENT))[0] == 302
    versions = MappingTemplate.objects.values_list("version", "author", "notes")
    assert list(versions) == [(2, "mia", "Posts too."), (1, "mia", "Posts too.")]


def test_the_form_begins_with_the_newest_version(manager: Client) -> None:
    MappingTemplate.objects.create(version=7, document=rows.DOCUMENT)
    form = manager.get(walk.page(MappingTemplate, "add")).context["adminform"].form
    assert json.loads(form["document"].value()) == rows.DOCUMENT


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("", "This field is required."),
        ("{", "Enter a valid JSON."),
        ("[1]", "one JSON object"),
        ('{"mappings": []}', "no list “mappings”"),
        (json.dumps(FAULTY), "access must be one of read_only, read_write."),
    ],
)
def test_what_heroku_connect_would_refuse_is_refused_here(
    manager: Client, document: str, complaint: str
) -> None:
    status, html = add(manager, document)
    assert status == 200
    assert complaint in html
    assert not MappingTemplate.objects.exists()


def test_a_version_is_never_changed(superuser: Client) -> None:
    template = MappingTemplate.objects.create(version=1, document=rows.DOCUMENT)
    url = walk.page(MappingTemplate, "change", template.pk)
    assert superuser.post(url, {"notes": "x", "document": "{}"}).status_code == 403
    assert "<textarea" not in superuser.get(url).content.decode()


def test_only_managers_add_versions(operator: Client) -> None:
    assert add(operator, json.dumps(rows.DOCUMENT))[0] == 403


def test_the_list_tells_what_a_version_maps_and_how_many_are_on_it(viewer: Client) -> None:
    rows.strangers(3)
    (newest, *_, first) = (
        viewer.get(walk.page(MappingTemplate, "changelist")).context["cl"].result_list
    )
    assert (first.version, first.connections_on_it) == (1, 3)
    assert newest.connections_on_it == 0


@pytest.mark.parametrize(("blocked", "names"), [("yes", {"dune"}), ("no", {"acme", "ember"})])
def test_connections_are_filtered_by_being_blocked(
    viewer: Client, five: dict[str, Tenant], blocked: str, names: set[str]
) -> None:
    url = f"{walk.page(Connection, 'changelist')}?blocked={blocked}"
    found = {row.tenant for row in viewer.get(url).context["cl"].result_list}
    assert {five[name] for name in names} <= found
    assert (five["dune"] in found) == (blocked == "yes")


def test_a_connections_page_leads_to_its_tenant(viewer: Client, five: dict[str, Tenant]) -> None:
    connection = five["acme"].connections.get()
    html = viewer.get(walk.page(Connection, "change", connection.pk)).content.decode()
    assert walk.page(Tenant, "change", five["acme"].pk) in html
    assert '<span class="badge badge-good">DATA_SYNCED</span>' in html
