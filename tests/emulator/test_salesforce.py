"""Salesforce's OAuth flow with PKCE and rotation, and its identity service."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.emulator.client import ACME, BOREALIS, CALLBACK, Emulated, user_of
from tests.emulator.test_authorize_pages import orgs_on, page_of

LOGIN = "/salesforce/login.salesforce.com"
AUTHORIZE = f"{LOGIN}/services/oauth2/authorize"
TOKEN = f"{LOGIN}/services/oauth2/token"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()
QUERY = {
    "response_type": "code",
    "client_id": "emulator-key",
    "redirect_uri": CALLBACK,
    "scope": "api id refresh_token",
    "state": "state-1",
    "code_challenge": CHALLENGE.rstrip("="),
    "code_challenge_method": "S256",
}
CLIENT = {"client_id": "emulator-key", "client_secret": "emulator-secret"}


def allowed(emulated: Emulated, org: dict[str, Any], path: str = AUTHORIZE, **query: str) -> str:
    """Go through the authorize pages; return the code."""
    form = {"user": user_of(org), "decision": "allow"}
    back = emulated.post(path, params={**QUERY, **query}, data=form)
    assert back.status_code == 302, back.text
    return parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]


def redeem(emulated: Emulated, code: str, /, **changes: str) -> requests.Response:
    """Exchange a code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        **CLIENT,
        **changes,
    }
    return emulated.post(TOKEN, data=form)


def tokens(emulated: Emulated, org: dict[str, Any]) -> dict[str, str]:
    """Go through the pages to the tokens."""
    answer: dict[str, str] = redeem(emulated, allowed(emulated, org)).json()
    return answer


def refresh(emulated: Emulated, token: str) -> requests.Response:
    """Use a refresh token."""
    form = {"grant_type": "refresh_token", "refresh_token": token, **CLIENT}
    return emulated.post(TOKEN, data=form)


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


# -- authorize -----------------------------------------------------------------------------------


def test_the_pages_lead_to_a_redirect_with_code_and_state(emulated: Emulated) -> None:
    org = emulated.org()
    emulated.org(BOREALIS, environment="sandbox")
    shown = emulated.get(AUTHORIZE, params=QUERY)
    assert (page_of(shown), orgs_on(shown)) == ("choose-user", {ACME})
    consent = emulated.post(AUTHORIZE, params=QUERY, data={"user": user_of(org)})
    assert page_of(consent) == "consent"
    form = {"user": user_of(org), "decision": "deny"}
    denied = emulated.post(AUTHORIZE, params=QUERY, data=form).headers["Location"]
    assert denied.startswith(CALLBACK)
    assert parse_qs(urlsplit(denied).query)["error"] == ["access_denied"]
    assert parse_qs(urlsplit(denied).query)["state"] == ["state-1"]
    assert redeem(emulated, allowed(emulated, org)).ok


def test_a_hinted_user_is_offered_first(emulated: Emulated) -> None:
    emulated.org(users=[{"username": "second@acme.example"}])
    query = {**QUERY, "login_hint": "second@acme.example"}
    shown = emulated.get(AUTHORIZE, params=query).text
    assert shown.index("second@acme.example") < shown.index("admin@example.com")
    assert 'data-hinted="true"' in shown


@pytest.mark.parametrize(
    "wrong", [{"client_id": "other"}, {"redirect_uri": f"{CALLBACK}/"}, {"redirect_uri": ""}]
)
def test_an_unregistered_redirect_uri_is_never_used(
    emulated: Emulated, wrong: dict[str, str]
) -> None:
    refused = emulated.get(AUTHORIZE, params={**QUERY, **wrong})
    assert (refused.status_code, page_of(refused)) == (400, "oauth-error")
    assert "Location" not in refused.headers


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "api everything"}, "invalid_scope"),
    ],
)
def test_a_wrong_request_is_reported_by_redirect(
    emulated: Emulated, wrong: dict[str, str], error: str
) -> None:
    refused = emulated.get(AUTHORIZE, params={**QUERY, **wrong})
    assert refused.status_code == 302
    assert parse_qs(urlsplit(refused.headers["Location"]).query)["error"] == [error]


@pytest.mark.parametrize(
    ("kind", "installed", "error"),
    [
        ("packaged", True, None),
        ("packaged", False, "OAUTH_EC_APP_NOT_FOUND"),
        ("local", True, "OAUTH_AUTHORIZATION_BLOCKED"),
        ("connected", False, None),
    ],
)
def test_an_external_client_app_works_only_where_it_is_installed(
    emulated: Emulated, kind: str, installed: bool, error: str | None
) -> None:
    org = emulated.org(package_installed=installed)
    emulated.behave(client_app=kind)
    form = {"user": user_of(org), "decision": "allow"}
    back = emulated.post(AUTHORIZE, params=QUERY, data=form)
    assert back.status_code == 302
    query = parse_qs(urlsplit(back.headers["Location"]).query)
    assert query.get("error", [None]) == [error]


def test_further_callbacks_can_be_registered(emulated: Emulated) -> None:
    other = "http://127.0.0.1:9999/callback"
    emulated.behave(callbacks=[other])
    assert emulated.get(AUTHORIZE, params={**QUERY, "redirect_uri": other}).ok
    assert not emulated.get(AUTHORIZE, params=QUERY).ok


# -- token ---------------------------------------------------------------------------------------


def test_a_code_becomes_tokens_signed_by_salesforce(emulated: Emulated) -> None:
    org = emulated.org(my_domain="acme.my.salesforce.com")
    answer = tokens(emulated, org)
    assert answer.keys() == {
        *("access_token", "refresh_token", "signature", "scope", "instance_url", "id"),
        *("token_type", "issued_at"),
    }
    assert answer["instance_url"].endswith("/salesforce/acme.my.salesforce.com")
    assert answer["id"].endswith(f"{LOGIN}/id/{org['id']}/{org['users'][0]['id']}")
    assert answer["issued_at"].isdigit()
    signed = (answer["id"] + answer["issued_at"]).encode()
    digest = hmac.new(b"emulator-secret", signed, hashlib.sha256).digest()
    assert base64.b64decode(answer["signature"]) == digest


def test_without_the_scope_there_is_no_refresh_token(emulated: Emulated) -> None:
    code = allowed(emulated, emulated.org(), scope="api id")
    assert "refresh_token" not in redeem(emulated, code).json()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "nonsense"}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://elsewhere.example/"}, "redirect_uri_mismatch"),
        ({"client_id": "other"}, "invalid_client_id"),
        ({"client_secret": ""}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_exchange_gives_a_400(
    emulated: Emulated, changes: dict[str, str], error: str
) -> None:
    refused = redeem(emulated, allowed(emulated, emulated.org()), **changes)
    assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert refused.json().keys() == {"error", "error_description"}


def test_a_code_works_once_and_for_a_short_time(emulated: Emulated) -> None:
    org = emulated.org()
    code = allowed(emulated, org)
    assert redeem(emulated, code).ok
    assert redeem(emulated, code).json()["error"] == "invalid_grant"
    late = allowed(emulated, org)
    emulated.advance(901)
    assert redeem(emulated, late).json()["error_description"] == "expired authorization code"


def test_a_sandbox_code_does_not_work_at_the_production_host(emulated: Emulated) -> None:
    org = emulated.org(BOREALIS, environment="sandbox")
    test_host = "/salesforce/test.salesforce.com/services/oauth2/authorize"
    code = allowed(emulated, org, test_host)
    assert redeem(emulated, code).json()["error"] == "invalid_grant"


def test_a_refresh_token_works_once_and_its_reuse_ends_the_grant(emulated: Emulated) -> None:
    first = tokens(emulated, emulated.org())
    second = refresh(emulated, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert emulated.get(second["id"], headers=bearer(second["access_token"])).ok
    stolen = refresh(emulated, first["refresh_token"])
    assert stolen.status_code == 400
    assert stolen.json() == {
        "error": "invalid_grant",
        "error_description": "expired access/refresh token",
    }
    assert refresh(emulated, second["refresh_token"]).json()["error"] == "invalid_grant"
    assert not emulated.get(second["id"], headers=bearer(second["access_token"])).ok


def test_rotation_can_be_off(emulated: Emulated) -> None:
    emulated.behave(rotate_refresh_tokens=False)
    first = tokens(emulated, emulated.org())
    assert "refresh_token" not in refresh(emulated, first["refresh_token"]).json()
    assert refresh(emulated, first["refresh_token"]).ok


def test_a_refresh_token_expires_after_thirty_days_without_use(emulated: Emulated) -> None:
    first = tokens(emulated, emulated.org())
    emulated.advance(29 * 86_400)
    second = refresh(emulated, first["refresh_token"]).json()
    emulated.advance(31 * 86_400)
    assert refresh(emulated, second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_sixth_grant_ends_the_first(emulated: Emulated) -> None:
    org = emulated.org()
    families = [tokens(emulated, org) for _ in range(6)]
    assert not refresh(emulated, families[0]["refresh_token"]).ok
    assert refresh(emulated, families[1]["refresh_token"]).ok


# -- identity, revoke, introspect ----------------------------------------------------------------


def test_the_identity_is_read_with_the_token_in_the_header_only(emulated: Emulated) -> None:
    org = emulated.org(admin_email="ops@acme.example")
    answer = tokens(emulated, org)
    shown = emulated.get(answer["id"], headers=bearer(answer["access_token"]))
    assert shown.json()["organization_id"] == org["id"]
    assert shown.json()["username"] == "ops@acme.example"
    leaked = emulated.get(f"{answer['id']}?access_token={answer['access_token']}")
    assert leaked.status_code == 400
    bad = emulated.get(answer["id"], headers=bearer("nonsense"))
    assert (bad.status_code, bad.text) == (403, "Bad_OAuth_Token")
    info = emulated.get(f"{LOGIN}/services/oauth2/userinfo", headers=bearer(answer["access_token"]))
    assert info.json()["sub"] == answer["id"]


def test_another_orgs_token_reads_no_identity(emulated: Emulated) -> None:
    answer = tokens(emulated, emulated.org())
    other = tokens(emulated, emulated.org("00Dxx0000001gPLEAY"))
    shown = emulated.get(answer["id"], headers=bearer(other["access_token"]))
    assert (shown.status_code, shown.text) == (403, "Wrong_Org")
    nobody = answer["id"][:-3] + "AAA"
    assert emulated.get(nobody, headers=bearer(answer["access_token"])).text == "Bad_Id"


def test_revoking_a_refresh_token_ends_its_grant(emulated: Emulated) -> None:
    answer = tokens(emulated, emulated.org())
    path = f"{answer['instance_url']}/services/oauth2/revoke"
    gone = emulated.post(path, data={"token": answer["refresh_token"]})
    assert (gone.status_code, gone.content) == (200, b"")
    assert not emulated.get(answer["id"], headers=bearer(answer["access_token"])).ok
    again = emulated.post(path, data={"token": answer["refresh_token"]})
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")


def test_revoking_an_access_token_keeps_the_grant(emulated: Emulated) -> None:
    answer = tokens(emulated, emulated.org())
    path = f"{LOGIN}/services/oauth2/revoke"
    assert emulated.post(path, data={"token": answer["access_token"]}).ok
    assert not emulated.post(path, data={"token": answer["access_token"]}).ok
    assert refresh(emulated, answer["refresh_token"]).ok


def test_introspection_separates_valid_tokens_from_others(emulated: Emulated) -> None:
    answer = tokens(emulated, emulated.org())
    path = f"{LOGIN}/services/oauth2/introspect"

    def active(token: str) -> Any:
        return emulated.post(path, data={"token": token, **CLIENT}).json()["active"]

    assert active(answer["access_token"]) is True
    assert active(answer["refresh_token"]) is True
    assert active("nonsense") is False
    emulated.advance(7201)
    assert active(answer["access_token"]) is False
    assert emulated.post(path, data={"token": "x"}).status_code == 400
