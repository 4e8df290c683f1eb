"""A sign-in to Salesforce that fails: each failure is a page, and nothing is stored."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from social_django.models import Nonce

import emulator as emulated
from tenants import links
from tenants.models import EventKind, Proof, SalesforceGrant, Tenant
from tests import cast
from tests.subscriber import new_org
from tests.tenants.salesforce import begin, decide, fail, nothing_is_stored, query

pytestmark = pytest.mark.django_db
OTHER_ORG = "00D3h0000008cPbEAI"


@pytest.fixture
def acme(emulator: emulated.Running) -> Tenant:
    """Acme, unproven, with its org at Salesforce."""
    new_org(emulator, cast.ACME)
    return cast.enrol(cast.ACME, proof=Proof.NONE)


def test_another_org_is_refused_and_the_event_names_both(
    acme: Tenant, client: Client, emulator: emulated.Running, settings: Settings
) -> None:
    settings.SALESFORCE_LOGIN_URL = settings.SALESFORCE_TEST_URL
    new_org(emulator, cast.BOREALIS)
    answer = client.get(decide(emulator, begin(client, acme), OTHER_ORG))
    page = answer.content.decode()
    assert answer.status_code == 403
    assert OTHER_ORG in page
    assert acme.org_id in page
    assert 'name="again"' in page  # the way on is another Salesforce login
    assert nothing_is_stored()
    event = acme.events.get(kind=EventKind.CONSENT_REFUSED)
    assert event.data == {"expected": acme.org_id, "seen": OTHER_ORG}
    assert all(each["revoked"] for each in emulator.grants())
    acme.refresh_from_db()
    assert acme.proof == Proof.NONE


def test_a_page_answers_even_if_the_wrong_grant_cannot_be_handed_back(
    acme: Tenant, client: Client, emulator: emulated.Running, settings: Settings
) -> None:
    settings.SALESFORCE_LOGIN_URL = settings.SALESFORCE_TEST_URL
    new_org(emulator, cast.BOREALIS)
    fail(emulator, "/revoke", status=500)
    answer = client.get(decide(emulator, begin(client, acme), OTHER_ORG))
    assert answer.status_code == 403
    assert nothing_is_stored()


def test_after_a_denial_the_admin_can_try_again(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    answer = client.get(decide(emulator, begin(client, acme), acme.org_id, "deny"))
    assert answer.status_code == 403
    assert "Access was not allowed" in answer.content.decode()
    assert "Back to the set-up" in answer.content.decode()
    assert nothing_is_stored()
    assert acme.events.get(kind=EventKind.CONSENT_REFUSED).data == {"reason": "access_denied"}
    assert client.get(decide(emulator, begin(client, acme), acme.org_id)).status_code == 302


def test_a_callback_counts_once(acme: Tenant, client: Client, emulator: emulated.Running) -> None:
    back = decide(emulator, begin(client, acme), acme.org_id)
    assert client.get(back).status_code == 302
    SalesforceGrant.objects.all().delete()
    again = client.get(back)
    assert again.status_code == 400
    assert "This sign-in has ended" in again.content.decode()
    assert not SalesforceGrant.objects.exists()


def test_a_callback_that_is_reloaded_leads_back_to_the_page(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    back = decide(emulator, begin(client, acme), acme.org_id)
    page = client.get(back)["Location"]
    assert urlsplit(page).path in client.get(back).content.decode()
    # Another browser learns nothing of it, and is led to where a sign-in begins.
    stranger = Client().get(back).content.decode()
    assert "Find your set-up" in stranger
    assert "/authenticate/" not in stranger


@pytest.mark.parametrize(
    "back",
    [
        "",
        "?code=abc",
        "?state=abc",
        "?code=abc&state=" + "x" * 32,
        "?code=abc&state=" + "x" * 500,
        "?code=abc&state=%00",
        "?error=access_denied&state=" + "x" * 32,
        "?error=access_denied",
    ],
)
def test_a_callback_that_nobody_began_is_a_page(client: Client, back: str) -> None:
    answer = client.get(f"/auth/salesforce/callback{back}")
    assert answer.status_code == 400
    assert "This sign-in has ended" in answer.content.decode()
    assert nothing_is_stored()


def test_a_callback_in_another_browser_is_a_page(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    back = decide(emulator, begin(client, acme), acme.org_id)
    answer = Client().get(back)
    assert answer.status_code == 400
    assert nothing_is_stored()
    assert client.get(back).status_code == 302  # who began it is not disturbed


def test_a_sign_in_is_good_for_half_an_hour(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        back = decide(emulator, begin(client, acme), acme.org_id)
        clock.shift(timedelta(minutes=31))
        answer = client.get(back)
    assert answer.status_code == 400
    assert nothing_is_stored()


def test_a_code_that_is_missing_or_spent_is_a_page(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    state = query(begin(client, acme))["state"]
    assert client.get(f"/auth/salesforce/callback?state={state}").status_code == 400
    spent = query(begin(client, acme))["state"]
    answer = client.get(f"/auth/salesforce/callback?state={spent}&code=aPrxspent")
    assert answer.status_code == 400
    assert "Back to the set-up" in answer.content.decode()
    assert nothing_is_stored()


def test_a_code_of_another_browsers_flow_is_worth_nothing(
    acme: Tenant, client: Client, emulator: emulated.Running
) -> None:
    stolen = query(decide(emulator, begin(Client(), acme), acme.org_id))["code"]
    state = query(begin(client, acme))["state"]
    answer = client.get(f"/auth/salesforce/callback?state={state}&code={stolen}")
    assert answer.status_code == 400  # the verifier of PKCE is another one
    assert nothing_is_stored()


def test_a_rejection_by_salesforce_is_shown_with_its_reason(acme: Tenant, client: Client) -> None:
    state = query(begin(client, acme))["state"]
    answer = client.get(f"/auth/salesforce/callback?state={state}&error=OAUTH_APP_BLOCKED")
    assert answer.status_code == 403
    assert "OAUTH_APP_BLOCKED" in answer.content.decode()
    assert "OAUTH_APP_BLOCKED" in acme.events.get(kind=EventKind.CONSENT_REFUSED).text


@pytest.mark.parametrize(
    ("error", "description", "page", "event"),
    [
        (
            "OAUTH_EC_APP_NOT_FOUND",
            "External client app is not installed in this org",
            "install the package in the org",
            "The admin has to install it again.",
        ),
        (
            "OAUTH_AUTHORIZATION_BLOCKED",
            "Cross-org OAuth flows are not supported for this external client app",
            "install the package in the org",
            "the app is “Local”",
        ),
        (
            "invalid_client",
            "app must be installed into org",
            "Approve Uninstalled Connected Apps",
            "the user lacks “Approve Uninstalled Connected Apps”",
        ),
    ],
)
def test_an_app_that_the_org_does_not_let_in_is_said_with_what_to_do(
    acme: Tenant, client: Client, error: str, description: str, page: str, event: str
) -> None:
    state = query(begin(client, acme))["state"]
    given = urlencode({"error": error, "error_description": description, "state": state})
    answer = client.get(f"/auth/salesforce/callback?{given}")
    assert answer.status_code == 403
    assert page in answer.content.decode()
    assert "Back to the set-up" in answer.content.decode()
    noted = acme.events.get(kind=EventKind.CONSENT_REFUSED).text
    assert error in noted
    assert event in noted
    assert nothing_is_stored()


IDENTITY = "/id/00D"
TOKEN = "/token$"


@pytest.mark.parametrize(
    ("path", "fault", "status"),
    [
        (TOKEN, {"status": 500}, 503),
        (TOKEN, {"status": 503, "html": True}, 503),
        (TOKEN, {"status": 429}, 503),
        (TOKEN, {"drop": "before"}, 503),
        (TOKEN, {"drop": "after"}, 503),
        (TOKEN, {"status": 200, "html": True}, 502),
        (TOKEN, {"empty": True}, 502),
        (TOKEN, {"status": 200, "body": ["no", "object"]}, 502),
        (TOKEN, {"status": 200, "body": {"access_token": ""}}, 502),
        (TOKEN, {"status": 200, "body": {"access_token": "00Dx!y"}}, 502),
        (TOKEN, {"status": 200, "body": {"access_token": "00Dx!y", "id": 5}}, 502),
        (TOKEN, {"status": 200, "body": {"access_token": "t", "id": "https://evil.example/"}}, 502),
        (TOKEN, {"status": 302, "headers": {"Location": "https://evil.example/"}}, 502),
        (TOKEN, {"status": 400, "body": {"error": "invalid_client"}}, 502),
        (TOKEN, {"status": 400, "body": {"error": "invalid_client_id"}}, 502),
        (TOKEN, {"status": 400, "body": {"error": "redirect_uri_mismatch"}}, 502),
        (TOKEN, {"status": 400, "body": {"error": "invalid_grant"}}, 400),
        (IDENTITY, {"status": 500}, 503),
        (IDENTITY, {"status": 403, "body": "Bad_OAuth_Token"}, 502),
        (IDENTITY, {"status": 200, "html": True}, 502),
        (IDENTITY, {"status": 200, "body": []}, 502),
        (IDENTITY, {"status": 200, "body": {"organization_id": 5}}, 502),
        (IDENTITY, {"status": 200, "body": {"organization_id": "00Dnot"}}, 502),
        (IDENTITY, {"status": 200, "body": {"organization_id": OTHER_ORG}}, 502),
        (IDENTITY, {"status": 302, "headers": {"Location": "https://evil.example/"}}, 502),
    ],
)
def test_any_answer_of_salesforce_becomes_a_page_and_nothing_is_stored(
    acme: Tenant,
    client: Client,
    emulator: emulated.Running,
    path: str,
    fault: dict[str, Any],
    status: int,
) -> None:
    back = decide(emulator, begin(client, acme), acme.org_id)
    fail(emulator, path, **fault)
    answer = client.get(back)
    assert answer.status_code == status
    assert "Back to the set-up" in answer.content.decode()
    assert nothing_is_stored()
    assert acme.events.filter(kind=EventKind.CONSENT_REFUSED).exists()
    assert client.get(decide(emulator, begin(client, acme), acme.org_id)).status_code == 302


def test_salesforce_that_cannot_be_reached_is_a_page(
    acme: Tenant, client: Client, settings: Settings
) -> None:
    settings.SALESFORCE_LOGIN_URL = "http://127.0.0.1:9"
    state = query(begin(client, acme))["state"]
    answer = client.get(f"/auth/salesforce/callback?state={state}&code=x")
    assert answer.status_code == 503


@pytest.mark.parametrize("when", ["before", "during"])
def test_a_tenant_that_left_cannot_be_signed_in(
    acme: Tenant, client: Client, emulator: emulated.Running, when: str
) -> None:
    link = links.signed_part(links.SIGN_IN, acme)
    back = decide(emulator, begin(client, acme), acme.org_id)
    Tenant.objects.update(offboarded_at=timezone.now())
    if when == "before":
        answer = client.post("/auth/salesforce", {"link": link})
    else:
        answer = client.get(back)
    assert answer.status_code == 404
    assert "This link no longer works" in answer.content.decode()
    assert nothing_is_stored()


@pytest.mark.parametrize("link", ["x", "\0", "WzFd:1:abc"])
def test_a_forged_link_starts_no_sign_in(client: Client, link: str) -> None:
    assert client.post("/auth/salesforce", {"link": link}).status_code == 404
    assert not Nonce.objects.exists()
