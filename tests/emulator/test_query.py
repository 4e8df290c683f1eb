"""SOQL at the emulated Salesforce: what the calling user may do."""

import pytest
import requests

import emulator as emulated
from tenants.models import SalesforceGrant
from tests import cast
from tests.tenants.salesforce import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant(emulator: emulated.Running) -> SalesforceGrant:
    """The grant of Acme's admin."""
    return sign_in(emulator, cast.enrol(cast.ACME))


def ask(grant: SalesforceGrant, soql: str, token: str = "") -> requests.Response:
    return requests.get(
        f"{grant.instance_url}/services/data/v59.0/query",
        params={"q": soql},
        headers={"Authorization": f"Bearer {token or grant.access_token}"},
        timeout=10,
    )


def test_user_permission_access_has_one_row_of_the_calling_user(grant: SalesforceGrant) -> None:
    answer = ask(grant, "select PermissionsViewAllData from UserPermissionAccess limit 1")
    document = answer.json()
    assert (document["totalSize"], document["done"]) == (1, True)
    [row] = document["records"]
    assert row["PermissionsViewAllData"] is True
    assert row["attributes"]["type"] == "UserPermissionAccess"


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT * FROM UserPermissionAccess", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account", "INVALID_TYPE"),
        ("SELECT PermissionsFly FROM UserPermissionAccess", "INVALID_FIELD"),
    ],
)
def test_anything_else_is_refused_as_salesforce_refuses(
    grant: SalesforceGrant, soql: str, code: str
) -> None:
    answer = ask(grant, soql)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code


def test_without_a_session_nothing_is_answered(grant: SalesforceGrant) -> None:
    answer = ask(grant, "SELECT PermissionsApiEnabled FROM UserPermissionAccess", "wrong")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_a_user_without_the_api_is_refused_everywhere(
    grant: SalesforceGrant, emulator: emulated.Running
) -> None:
    org = emulator.org(cast.ACME["org_id"])
    path = f"orgs/{org['id']}/users/{org['users'][0]['id']}"
    emulator.control("PATCH", path, {"api_enabled": False})
    answer = ask(grant, "SELECT PermissionsApiEnabled FROM UserPermissionAccess")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "API_DISABLED_FOR_ORG")
