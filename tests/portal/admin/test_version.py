"""Staff read which version runs; strangers do not."""

import pytest
from django.test import Client

from portal.project.version import VERSION

pytestmark = pytest.mark.django_db
SHOWN = f'<span class="version">Multiconnect {VERSION}</span>'


@pytest.mark.parametrize("address", ["/admin/", "/admin/account/preferences/"])
def test_staff_read_the_version_at_the_foot_of_a_page(viewer: Client, address: str) -> None:
    assert SHOWN in viewer.get(address).content.decode()


@pytest.mark.parametrize("address", ["/admin/login/", "/authenticate"])
def test_strangers_do_not_read_the_version(client: Client, address: str) -> None:
    html = client.get(address, follow=True).content.decode()
    assert "version" not in html
    assert VERSION not in html
