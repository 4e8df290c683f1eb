"""The package's Apex REST service."""

from typing import Any

import pytest
import requests

from tests.emulator.client import BOREALIS, Emulated
from tests.emulator.test_salesforce import bearer, tokens

BODY = {"connectionId": "c-1", "authorizeUrl": "https://portal.example/connect/x"}


def call(
    emulated: Emulated, answer: dict[str, str], path: str = "AuthConnection", **options: Any
) -> requests.Response:
    """Call the org's Apex REST with its token."""
    url = f"{answer['instance_url']}/services/apexrest/{path}"
    options = {"json": BODY, "headers": bearer(answer["access_token"]), **options}
    return emulated.post(url, **options)


def links(emulated: Emulated, org: dict[str, Any], prefix: str = "") -> list[str]:
    """The links in the org's Connection__c records."""
    path = f"/control/orgs/{org['id']}/records/{prefix}Connection__c"
    found = emulated.get(path).json()["records"]
    return [each[f"{prefix}Auth_URL__c"] for each in found]


def test_the_link_is_stored_in_the_one_connection_record(emulated: Emulated) -> None:
    org = emulated.org()
    answer = tokens(emulated, org)
    stored = call(emulated, answer)
    assert (stored.status_code, stored.content) == (200, b"")
    assert stored.headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    call(emulated, answer, json={**BODY, "authorizeUrl": "https://portal.example/connect/y"})
    assert links(emulated, org) == ["https://portal.example/connect/y"]


def test_a_namespaced_package_answers_under_its_namespace(emulated: Emulated) -> None:
    org = emulated.org(namespace="hcmc")
    answer = tokens(emulated, org)
    assert call(emulated, answer, "AuthConnection").status_code == 404
    assert call(emulated, answer, "hcmc/AuthConnection").ok
    assert call(emulated, answer, "/hcmc/AuthConnection").ok
    assert links(emulated, org, "hcmc__") == [BODY["authorizeUrl"]]


def test_without_the_package_there_is_no_match(emulated: Emulated) -> None:
    org = emulated.org()
    answer = tokens(emulated, org)
    emulated.control(f"orgs/{org['id']}/uninstall")
    missing = call(emulated, answer)
    assert missing.status_code == 404
    (error,) = missing.json()
    assert error["errorCode"] == "NOT_FOUND"
    assert error["message"].startswith("Could not find a match for URL")


def test_an_expired_token_or_one_of_another_org_gives_a_401_in_a_list(emulated: Emulated) -> None:
    answer = tokens(emulated, emulated.org())
    sandbox = emulated.org(BOREALIS, environment="sandbox")
    foreign = {**answer, "instance_url": sandbox["instance_url"]}
    assert call(emulated, foreign).status_code == 401
    emulated.advance(7201)
    expired = call(emulated, answer)
    assert expired.status_code == 401
    assert expired.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "JSON_PARSER_ERROR"),
        (b'{"other": "x"}', 400, "JSON_PARSER_ERROR"),
        (b'{"authorizeUrl": 1}', 400, "JSON_PARSER_ERROR"),
        (b'{"connectionId": "c-1"}', 400, "INVALID_LINK"),
        (b'{"authorizeUrl": "https://elsewhere.example/connect/x"}', 400, "INVALID_LINK"),
        (b'{"authorizeUrl": "http://portal.example@elsewhere.example/"}', 400, "INVALID_LINK"),
        (b'{"authorizeUrl": "javascript:alert(1)"}', 400, "INVALID_LINK"),
        (b'{"authorizeUrl": "https://portal.example/' + b"x" * 32_769 + b'"}', 500, "APEX_ERROR"),
    ],
)
def test_a_body_that_does_not_fit_the_class_gives_an_error_in_a_list(
    emulated: Emulated, body: bytes, status: int, code: str
) -> None:
    answer = tokens(emulated, emulated.org())
    refused = call(emulated, answer, json=None, data=body)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (status, code)


def test_another_method_is_not_allowed(emulated: Emulated) -> None:
    answer = tokens(emulated, emulated.org())
    url = f"{answer['instance_url']}/services/apexrest/AuthConnection"
    refused = emulated.get(url, headers=bearer(answer["access_token"]))
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")


def test_the_connections_id_is_stored_with_the_link(emulated: Emulated) -> None:
    org = emulated.org()
    call(emulated, tokens(emulated, org))
    (record,) = emulated.get(f"/control/orgs/{org['id']}/records/Connection__c").json()["records"]
    assert record["Heroku_Connection_Id__c"] == "c-1"


def test_the_package_of_2016_stores_any_link_and_no_id(emulated: Emulated) -> None:
    org = emulated.org(package="2016")
    answer = tokens(emulated, org)
    assert call(emulated, answer, json={**BODY, "authorizeUrl": "http://elsewhere.example/"}).ok
    (record,) = emulated.get(f"/control/orgs/{org['id']}/records/Connection__c").json()["records"]
    assert record["Auth_URL__c"] == "http://elsewhere.example/"
    assert "Heroku_Connection_Id__c" not in record
