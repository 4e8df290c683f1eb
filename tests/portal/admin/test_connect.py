"""Connections."""

import pytest
from django.test import Client

from connect.models import Connection
from tenants.models import Tenant
from tests.portal.admin import walk

pytestmark = pytest.mark.django_db


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
