"""Each remedy can be found on a page, and is for the role that it names."""

from typing import Any

import pytest
from django.utils import timezone

from connect import remedies
from connect.models import BlockedKind, Connection, IncidentKind, Stage, WaitingOn
from connect.remedies import By, Page, Remedy
from portal import remedy_pages, roles
from portal.actions import action as registry
from portal.actions.subject import Subject
from tenants.models import Tenant

ALL = [
    *remedies.BLOCKED.values(),
    *remedies.INCIDENTS.values(),
    *remedies.WAITS.values(),
    remedies.PAUSED,
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


@pytest.mark.parametrize(
    ("remedy", "stage", "facts"),
    [
        (remedies.BLOCKED[BlockedKind.WRONG_ORG], Stage.WAITING_FOR_AUTHORIZATION, {}),
        (remedies.BLOCKED[BlockedKind.OTHER_SCHEMA], Stage.CONFIGURING_DATABASE, {}),
        (remedies.BLOCKED[BlockedKind.ADDON_FAILED], Stage.CREATING_ADDON, {}),
        (remedies.BLOCKED[BlockedKind.NAME_TAKEN], Stage.CREATING_ADDON, {}),
        (
            remedies.BLOCKED[BlockedKind.OVERWRITES],
            Stage.CREATING_ADDON,
            {"blocked_at": timezone.now(), "blocked_kind": BlockedKind.OVERWRITES},
        ),
        (remedies.BLOCKED[BlockedKind.MAPPING_BROKEN], Stage.LOADING, {}),
        (remedies.BLOCKED[BlockedKind.SYSTEM_ERROR], Stage.LOADING, {}),
        (remedies.BLOCKED[BlockedKind.HEROKU_ACCESS], Stage.LOADING, {}),
        (remedies.BLOCKED[BlockedKind.TIMED_OUT], Stage.LINKING, {}),
        (remedies.BLOCKED[BlockedKind.GAVE_UP], Stage.LIVE, {"blocked_at": timezone.now()}),
        (remedies.INCIDENTS[IncidentKind.UNAUTHORIZED], Stage.LIVE, {"state": "UNAUTHORIZED"}),
        (remedies.INCIDENTS[IncidentKind.UNAUTHORIZED], Stage.LOADING, {"state": "UNAUTHORIZED"}),
        (remedies.INCIDENTS[IncidentKind.SYSTEM_ERROR], Stage.LIVE, {"state": "SYSTEM_ERROR"}),
        (remedies.INCIDENTS[IncidentKind.PAUSED], Stage.LIVE, {"state": "PAUSED"}),
        (remedies.INCIDENTS[IncidentKind.GRANT_LOST], Stage.LIVE, {}),
        (remedies.INCIDENTS[IncidentKind.WRONG_ORG], Stage.LIVE, {}),
        (
            remedies.WAITS[Stage.WAITING_FOR_CONSENT],
            Stage.WAITING_FOR_CONSENT,
            {"waiting_on": WaitingOn.SUBSCRIBER},
        ),
    ],
)
def test_a_remedy_is_possible_where_it_is_offered(
    remedy: Remedy, stage: Stage, facts: dict[str, Any]
) -> None:
    tenant = Tenant(org_id="00DB00000002NDmMAM")
    connection = Connection(tenant=tenant, stage=stage, connection_id="c1", **facts)
    assert registry.of(Tenant)[remedy.action].refusal(Subject(tenant, connection)) == ""


@pytest.mark.parametrize("page", Page)
def test_each_page_of_a_remedy_has_an_address(page: Page) -> None:
    tenant = Tenant(org_id="00DB00000002NDmMAM", admin_email="ops@acme.example")
    address = remedy_pages.address(page, tenant)
    assert address.startswith(("/admin/", "https://", "mailto:ops@acme.example"))


def test_the_roles_of_remedies_are_those_of_staff() -> None:
    assert {By.OPERATOR.value, By.MANAGER.value} < set(roles.permissions())
