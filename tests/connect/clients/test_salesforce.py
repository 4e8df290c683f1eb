"""Handing the link over to the package in a subscriber's org, against the emulated Salesforce."""

from typing import Any

import pytest
import requests
from django.utils import timezone

from connect.clients import http, salesforce
from emulator import Running
from tenants import grants
from tenants.models import SalesforceGrant, Tenant
from tests import cast

pytestmark = pytest.mark.django_db

LINK = "http://testserver/connect/signed"
APEX = "/salesforce/acme.my.salesforce.com/services/apexrest/AuthConnection"


@pytest.fixture
def acme(emulator: Running, impatient: None) -> Tenant:
    """Acme, signed in to Salesforce."""
    return sign_in(emulator, cast.ACME)


def sign_in(emulator: Running, who: dict[str, str]) -> Tenant:
    """Make an org with the package in it, and the grant that its admin gave."""
    org_json = {**who, "my_domain": who.get("login_domain", "cirrus.my.salesforce.com")}
    control(emulator, "orgs", org_json)
    granted = emulator.control("POST", f"orgs/{who['org_id']}/grants")
    tenant = cast.enrol(who)
    SalesforceGrant.objects.create(
        tenant=tenant,
        access_token=granted["access_token"],
        refresh_token=granted["refresh_token"],
        instance_url=granted["instance_url"],
        identity_url=granted["identity_url"],
        username=granted["username"],
        user_id=granted["user_id"],
        scopes=granted["scope"],
        issued_at=timezone.now(),
    )
    return tenant


def control(emulator: Running, what: str, document: dict[str, Any] | None = None) -> None:
    answer = requests.post(f"{emulator.url}/control/{what}", json=document or {}, timeout=5)
    answer.raise_for_status()


def fault(emulator: Running, **fields: Any) -> None:
    control(emulator, "faults", {"system": "salesforce", "path": "apexrest", **fields})


def expire_sessions(emulator: Running) -> None:
    for each in emulator.grants():
        emulator.control("POST", f"orgs/{each['org_id']}/expire")


def made(emulator: Running) -> list[tuple[str, int | None]]:
    return [(each["path"].rpartition("/")[2], each["status"]) for each in emulator.calls()]


def published(emulator: Running, who: dict[str, str]) -> list[Any]:
    prefix = f"{who['namespace']}__" if "namespace" in who else ""
    records = emulator.records(who["org_id"], f"{prefix}Connection__c")
    return [each[f"{prefix}Auth_URL__c"] for each in records]


def test_the_link_is_stored_in_the_org(emulator: Running, acme: Tenant) -> None:
    salesforce.publish_link(acme, "connection-id", LINK)
    assert published(emulator, cast.ACME) == [LINK]
    assert [each["path"] for each in emulator.calls()] == [APEX]


def test_publishing_again_overwrites(emulator: Running, acme: Tenant) -> None:
    salesforce.publish_link(acme, "connection-id", LINK)
    salesforce.publish_link(acme, "connection-id", LINK + "2")
    assert published(emulator, cast.ACME) == [LINK + "2"]


def test_a_namespaced_package_is_reached_with_one_slash(emulator: Running) -> None:
    cirrus = sign_in(emulator, cast.CIRRUS)
    salesforce.publish_link(cirrus, "connection-id", LINK)
    assert published(emulator, cast.CIRRUS) == [LINK]
    [call] = emulator.calls()
    assert call["path"].endswith("/services/apexrest/hcmc/AuthConnection")


def test_an_expired_session_is_renewed_once_and_the_call_repeated(
    emulator: Running, acme: Tenant
) -> None:
    expire_sessions(emulator)
    before = SalesforceGrant.objects.get(tenant=acme)
    salesforce.publish_link(acme, "connection-id", LINK)
    assert made(emulator) == [("AuthConnection", 401), ("token", 200), ("AuthConnection", 200)]
    after = SalesforceGrant.objects.get(tenant=acme)
    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token


def test_a_new_session_that_is_refused_is_not_refreshed_again(
    emulator: Running, acme: Tenant
) -> None:
    body = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    fault(emulator, status=401, body=body)
    with pytest.raises(http.Permanent, match="refuses even a fresh session") as caught:
        salesforce.publish_link(acme, "connection-id", LINK)
    assert (caught.value.status, caught.value.code) == (401, "INVALID_SESSION_ID")
    assert made(emulator) == [("AuthConnection", 401), ("token", 200), ("AuthConnection", 401)]


def test_a_revoked_grant_is_lost_and_no_further_call_made(emulator: Running, acme: Tenant) -> None:
    control(emulator, f"orgs/{acme.org_id}/revoke")
    with pytest.raises(grants.GrantLost):
        salesforce.publish_link(acme, "connection-id", LINK)
    assert made(emulator) == [("AuthConnection", 401), ("token", 400)]


def test_an_org_that_nobody_signed_in_to_is_not_called(emulator: Running) -> None:
    with pytest.raises(grants.GrantLost):
        salesforce.publish_link(cast.enrol(cast.ACME), "connection-id", LINK)
    assert not emulator.calls()


@pytest.mark.parametrize("trouble", ["uninstalled", "another namespace"])
def test_a_package_that_does_not_answer_is_not_found(
    emulator: Running, acme: Tenant, trouble: str
) -> None:
    if trouble == "uninstalled":
        control(emulator, f"orgs/{acme.org_id}/uninstall")
    else:
        acme.namespace = "other"
    with pytest.raises(http.NotFound) as caught:
        salesforce.publish_link(acme, "connection-id", LINK)
    words = "the package is not installed (or has another namespace): Could not find a match"
    assert caught.value.message.startswith(words)
    assert caught.value.code == "NOT_FOUND"


def test_a_foreign_instance_never_gets_the_token(emulator: Running, acme: Tenant) -> None:
    SalesforceGrant.objects.update(instance_url="https://salesforce.com.evil.example")
    with pytest.raises(http.Permanent, match=r"'salesforce\.com\.evil\.example' is not one of"):
        salesforce.publish_link(acme, "connection-id", LINK)


def refusal(status: int, code: str, message: str) -> dict[str, Any]:
    return {"status": status, "body": [{"message": message, "errorCode": code}]}


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        (
            refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
            http.Retryable,
            "TotalRequests Limit exceeded.",
        ),
        (
            refusal(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization"),
            http.Permanent,
            "API is not enabled for this Organization",
        ),
        (
            refusal(403, "INSUFFICIENT_ACCESS", "no access to the Apex class"),
            http.Permanent,
            "no access to the Apex class",
        ),
        (refusal(400, "JSON_PARSER_ERROR", "Unexpected"), http.Permanent, "Unexpected"),
        (refusal(405, "METHOD_NOT_ALLOWED", "Not allowed"), http.Permanent, "Not allowed"),
        (refusal(500, "APEX_ERROR", "System.DmlException"), http.Uncertain, "System.DmlException"),
        (refusal(503, "SERVER_UNAVAILABLE", "Down"), http.Uncertain, "Down"),
        ({"html": True}, http.Uncertain, "an HTML page"),
        ({"html": True, "status": 200}, http.Uncertain, "an HTML page"),
        ({"status": 503}, http.Uncertain, "Service Unavailable"),
        (
            {"status": 302, "headers": {"Location": "https://eu99.salesforce.com/x?sid=secret"}},
            http.Permanent,
            "a redirect to eu99.salesforce.com, which is not followed",
        ),
        ({"drop": "before"}, http.Uncertain, "the connection broke"),
        ({"drop": "after"}, http.Uncertain, "the connection broke"),
    ],
)
def test_every_refusal_of_the_org_is_sorted_and_the_call_made_once(
    emulator: Running,
    acme: Tenant,
    fields: dict[str, Any],
    kind: type[http.RemoteError],
    words: str,
) -> None:
    fault(emulator, **fields)
    with pytest.raises(http.RemoteError) as caught:
        salesforce.publish_link(acme, "connection-id", LINK)
    assert type(caught.value) is kind
    assert caught.value.system == "Salesforce"
    assert words in caught.value.message
    assert "secret" not in str(caught.value)
    assert [path for path, _ in made(emulator)] == ["AuthConnection"]


def test_an_answer_that_was_lost_had_its_effect(emulator: Running, acme: Tenant) -> None:
    fault(emulator, drop="after", times=1)
    with pytest.raises(http.Uncertain):
        salesforce.publish_link(acme, "connection-id", LINK)
    assert published(emulator, cast.ACME) == [LINK]
    salesforce.publish_link(acme, "connection-id", LINK)
    assert published(emulator, cast.ACME) == [LINK]


def test_no_token_is_logged(
    emulator: Running, acme: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    token = SalesforceGrant.objects.get(tenant=acme).access_token
    body = [{"message": f"Bad session {token}", "errorCode": "FORBIDDEN"}]
    fault(emulator, status=403, body=body)
    caplog.set_level("DEBUG")
    with pytest.raises(http.Permanent) as caught:
        salesforce.publish_link(acme, "connection-id", LINK)
    secret = token.partition("!")[2]
    assert secret not in str(caught.value) + caplog.text
