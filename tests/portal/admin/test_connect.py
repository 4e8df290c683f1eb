"""Connections."""

import pytest
from django.test import Client

from connect.models import Connection
from tenants.models import Tenant
from tests.portal.admin import walk

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("word", "names"), [("blocked", {"dune"}), ("offboarded", {"ember"})])
def test_connections_are_filtered_by_the_word_of_their_badge(
    viewer: Client, five: dict[str, Tenant], word: str, names: set[str]
) -> None:
    url = f"{walk.page(Connection, 'changelist')}?standing={word}"
    found = {row.tenant for row in viewer.get(url).context["cl"].result_list}
    assert found == {five[name] for name in names}


def test_a_connections_page_leads_to_its_tenant(viewer: Client, five: dict[str, Tenant]) -> None:
    connection = five["acme"].connections.get()
    html = viewer.get(walk.page(Connection, "change", connection.pk)).content.decode()
    assert walk.page(Tenant, "change", five["acme"].pk) in html
    assert '<span class="badge badge-good">DATA_SYNCED</span>' in html
