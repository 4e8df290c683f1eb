"""Each remedy can be found on a page, and is for the role that it names."""

import pytest

from connect import remedies
from connect.remedies import By, Page, Remedy
from portal import remedy_pages, roles
from portal.actions import action as registry
from tenants.models import Tenant
from tests import cast

ALL = [
    *remedies.BLOCKED.values(),
    *remedies.INCIDENTS.values(),
    *remedies.WAITS.values(),
    remedies.PAUSED,
    remedies.CAPPED,
    remedies.DRIFTED,
]
PRESSED = [each for each in dict.fromkeys(ALL) if each.action]


@pytest.mark.parametrize("remedy", PRESSED, ids=lambda each: each.action)
def test_a_remedy_that_is_pressed_is_a_button_for_the_role_that_it_names(remedy: Remedy) -> None:
    action = registry.of(Tenant)[remedy.action]
    lowest = next(
        role for role, granted in roles.permissions().items() if action.permission in granted
    )
    assert lowest == remedy.by


@pytest.mark.django_db
@pytest.mark.parametrize("page", Page)
def test_each_page_of_a_remedy_has_an_address(page: Page) -> None:
    tenant = cast.enrol(cast.ACME)
    address = remedy_pages.address(page, tenant)
    assert address.startswith(("/admin/", "https://", "mailto:ops@acme.example"))


def test_the_roles_of_remedies_are_those_of_staff() -> None:
    assert {By.OPERATOR.value, By.MANAGER.value} < set(roles.permissions())
