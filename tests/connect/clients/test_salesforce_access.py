"""What the portal asks Salesforce about the user who signed in."""

from typing import Any

import pytest

import emulator as emulated
from connect.clients import salesforce
from connect.clients.http import Retryable
from tenants.models import Tenant
from tests import cast
from tests.tenants.salesforce import fail, sign_in

pytestmark = pytest.mark.django_db
QUERY_PATH = "/services/data/"


@pytest.fixture
def acme(emulator: emulated.Running) -> Tenant:
    """Acme, whose admin has signed in."""
    tenant = cast.enrol(cast.ACME)
    sign_in(emulator, tenant)
    tenant.refresh_from_db()
    return tenant


def change(running: emulated.Running, **user: bool) -> None:
    org = running.org(cast.ACME["org_id"])
    running.control("PATCH", f"orgs/{org['id']}/users/{org['users'][0]['id']}", user)


def test_an_administrator_lacks_nothing(acme: Tenant) -> None:
    assert salesforce.missing_access(acme) == []


@pytest.mark.parametrize(
    ("user", "lacks"),
    [
        ({"view_all_data": False}, ["View All Data"]),
        ({"api_enabled": False}, ["API Enabled"]),
        (
            {"package_access": False, "view_all_data": False},
            [
                "access to the package (permission set “Multiconnect Administrator”)",
                "View All Data",
            ],
        ),
    ],
)
def test_each_missing_permission_is_named_as_salesforce_names_it(
    acme: Tenant, emulator: emulated.Running, user: dict[str, bool], lacks: list[str]
) -> None:
    change(emulator, **user)
    assert salesforce.missing_access(acme) == lacks


def test_another_namespace_means_that_the_package_is_not_there(acme: Tenant) -> None:
    acme.namespace = "other"
    assert salesforce.missing_access(acme) == [
        "the package: it is not installed in the org with the namespace other"
    ]


@pytest.mark.parametrize("body", [{}, {"records": 5}, {"records": [1]}])
def test_an_answer_without_rows_is_no_answer(
    acme: Tenant, emulator: emulated.Running, body: dict[str, Any]
) -> None:
    fail(emulator, QUERY_PATH, status=200, body=body)
    with pytest.raises(Retryable):
        salesforce.missing_access(acme)


def test_a_permission_that_is_not_clearly_granted_is_missing(
    acme: Tenant, emulator: emulated.Running
) -> None:
    row = {"PermissionsApiEnabled": True, "PermissionsViewAllData": "true"}
    fail(emulator, QUERY_PATH, status=200, body={"records": [row]})
    assert salesforce.missing_access(acme) == ["View All Data"]
