"""Diagnosis and the change of the API version."""

from typing import Any

import pytest

from tests.emulator.client import ACCOUNT, APP, Emulated, mapping


@pytest.fixture
def url(emulated: Emulated) -> str:
    """Acme's authorized connection, with its Accounts mapped."""
    url = emulated.authorized(emulated.org())
    emulated.imported(url, ACCOUNT)
    emulated.get(url)
    return url


def test_a_diagnosis_answers_202_until_it_is_done(emulated: Emulated, url: str) -> None:
    emulated.behave(validation_seconds=3)
    begun = emulated.post(f"{url}/validations")
    result = begun.json()["result_url"]
    assert (begun.status_code, result.startswith("http")) == (202, True)
    running = emulated.get(result)
    assert (running.status_code, running.content) == (202, b"")
    emulated.advance(3)
    found = emulated.get(result)
    assert found.status_code == 200
    assert found.json().keys() == {"errors", "warnings", "passes", "skips", "mappings"}
    assert found.json()["mappings"].keys() == {"Account"}
    rule = found.json()["warnings"][0]
    assert rule.keys() == {"rule_id", "display_name", "status", "message", "doc_url"}
    assert emulated.get(f"{url}/validations/none").status_code == 404


def test_a_diagnosis_finds_what_is_wrong(emulated: Emulated) -> None:
    user = {"username": "weak@acme.example", "view_all_data": False}
    org = emulated.org(users=[user])
    org["users"].reverse()
    url = emulated.configured()
    emulated.authorize(url, org)
    emulated.imported(url, mapping("Account", "Nope__c"))
    found = emulated.get(emulated.post(f"{url}/validations").json()["result_url"]).json()
    assert [each["rule_id"] for each in found["errors"]] == ["SHOULD_HAVE_VALID_SF_PERMISSIONS"]
    (broken, _) = found["mappings"]["Account"]["errors"]
    assert "Nope__c" in broken["message"]
    info = emulated.get(url).json()["user_info"]
    assert info["profile_perms"]["PermissionsViewAllData"] == "false"


ANCHORS = {
    "NUM_MAPPINGS_WITHIN_LIMIT": "check-number-of-mappings",
    "HEROKU_POSTGRES_REQUIRED": "check-heroku-postgres",
    "PAID_PLAN_MUST_HAVE_PAID_DATABASE": "check-database-plan",
    "REGIONS_SHOULD_MATCH": "check-data-locality",
    "SHOULD_HAVE_VALID_SF_PERMISSIONS": "check-view-modify-all-data",
    "MUST_USE_RECENT_API_VERSION": "check-salesforce-api-version",
    "SHOULD_HAVE_LOG_DRAIN": "check-configured-log-drain",
}
NEEDS_ORG = ["SHOULD_HAVE_VALID_SF_PERMISSIONS", "MUST_USE_RECENT_API_VERSION"]


def diagnosis(emulated: Emulated, url: str) -> dict[str, Any]:
    found: dict[str, Any] = emulated.get(
        emulated.post(f"{url}/validations").json()["result_url"]
    ).json()
    return found


def rules(findings: list[dict[str, Any]]) -> list[str]:
    return [each["rule_id"] for each in findings]


def test_each_rule_has_the_documented_anchor(emulated: Emulated, url: str) -> None:
    found = diagnosis(emulated, url)
    piles = [found[pile] for pile in ("errors", "warnings", "passes", "skips")]
    anchors = {
        each["rule_id"]: each["doc_url"].partition("heroku-connect-diagnose#")[2]
        for pile in piles
        for each in pile
    }
    assert anchors == ANCHORS


def test_rules_that_cannot_be_checked_are_skipped(emulated: Emulated) -> None:
    fresh = emulated.linked()
    assert rules(diagnosis(emulated, fresh)["skips"]) == [
        "HEROKU_POSTGRES_REQUIRED",
        "PAID_PLAN_MUST_HAVE_PAID_DATABASE",
        *NEEDS_ORG,
    ]
    paid = emulated.configured("hc-2", "sf_acme_2", plan="herokuconnect:enterprise")
    found = diagnosis(emulated, paid)
    assert rules(found["skips"]) == NEEDS_ORG
    assert {each["status"] for each in found["skips"]} == {"SKIPPED"}
    emulated.authorize(paid, emulated.org())
    assert diagnosis(emulated, paid)["skips"] == []


def test_a_database_that_no_addon_has_set_is_an_error(emulated: Emulated) -> None:
    variables = {"OTHER_URL": emulated.world.options.database_url}
    emulated.call("PATCH", f"/heroku/apps/{APP}/config-vars", json=variables)
    url = emulated.linked()
    emulated.call("PATCH", url, json={"schema_name": "sf_acme_1", "db_key": "OTHER_URL"})
    found = diagnosis(emulated, url)
    assert rules(found["errors"]) == ["HEROKU_POSTGRES_REQUIRED"]
    keys = emulated.get(f"/region/api/v3/apps/{APP}").json()["db_keys"]
    assert {each["name"]: each["addon"] and each["addon"]["plan"] for each in keys} == {
        "DATABASE_URL": "heroku-postgresql:standard-0",
        "OTHER_URL": None,
    }


@pytest.mark.parametrize(
    ("access", "identifier", "broken"),
    [
        ("read_write", "Multiconnect_Id__c", False),
        ("read_write", "multiconnect_id__c", False),
        ("read_write", "Name", True),
        ("read_write", "Nope__c", True),
        ("read_write", None, True),
        ("read_only", None, False),
    ],
)
def test_a_mapping_that_is_written_needs_an_external_id(
    emulated: Emulated, access: str, identifier: str | None, broken: bool
) -> None:
    url = emulated.authorized(emulated.org())
    wanted = mapping("Account", "Multiconnect_Id__c", access=access)
    if identifier:
        wanted["config"]["upsert_field"] = identifier
    emulated.imported(url, wanted)
    found = emulated.get(emulated.post(f"{url}/validations").json()["result_url"]).json()
    rules = [each["rule_id"] for each in found["mappings"]["Account"]["errors"]]
    assert rules == (["UNIQUE_IDENTIFIER"] if broken else [])


def test_the_api_version_of_a_paused_connection_can_be_changed(
    emulated: Emulated, url: str
) -> None:
    path = f"{url}/actions/change-sf-api-version"
    diff = emulated.get(f"{url}/schema-diff?target_version=61").json()
    assert (diff["current_api_version"], diff["target_api_version"]) == ("65.0", "61.0")
    assert diff["mappings"] == [
        {
            "name": "Account",
            "fields_have_changed": False,
            "has_unsafe_changes": False,
            "action_undetermined": False,
            "result_message": "Salesforce field definitions have not changed.",
        }
    ]
    assert emulated.post(path, json={"target_version": "61.0"}).status_code == 409
    emulated.post(f"{url}/actions/pause")
    changed = emulated.post(path, json={"target_version": "61.0"})
    assert (changed.status_code, changed.json()["target_version"]) == (202, "61.0")
    assert emulated.get(url).json()["sf_info"]["api_version"] == "61.0"
    assert emulated.post(path, json={"target_version": "61"}).status_code == 400
    wrong = emulated.post(path, json={"target_version": "new"})
    assert (wrong.status_code, list(wrong.json())) == (400, ["error"])


def test_a_removed_field_blocks_the_change(emulated: Emulated, url: str) -> None:
    org = emulated.get(url).json()["organization_id"]
    emulated.call("DELETE", f"/control/orgs/{org}/fields/Account/Twitter__c")
    emulated.post(f"{url}/actions/pause")
    body = {"target_version": "61.0"}
    refused = emulated.post(f"{url}/actions/change-sf-api-version", json=body)
    assert refused.status_code == 409
    assert refused.json().keys() >= {"message", "current_api_version", "mappings"}
    (changed,) = refused.json()["mappings"]
    assert changed["result_message"] == "Fields removed from Salesforce: Twitter__c. "


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("POLLING_SF_CHANGES", 409),
        ("POLLING_SF_BULK", 409),
        ("POLLING_SF_FOR_DELETES", 409),
        ("APPLYING_BULK_UPDATE", 409),
        ("RELOAD_TABLE", 409),
        ("DATA_SYNCED", 202),
        ("ABORTED", 202),
        ("BULK_LOAD_ERROR", 202),
    ],
)
def test_the_version_changes_while_every_mapping_is_at_rest_alone(
    emulated: Emulated, url: str, state: str, status: int
) -> None:
    emulated.post(f"{url}/actions/pause")
    path = f"connections/{emulated.get(url).json()['id']}/state"
    emulated.control(path, {"state": state, "object_name": "Account"})
    body = {"target_version": "61.0"}
    changed = emulated.post(f"{url}/actions/change-sf-api-version", json=body)
    assert changed.status_code == status
    if status == 409:
        assert "is still syncing" in changed.json()["error"]


@pytest.mark.parametrize("version", ["999", "66.0", "30.0", "10"])
def test_a_version_that_salesforce_does_not_have_is_refused(
    emulated: Emulated, url: str, version: str
) -> None:
    emulated.post(f"{url}/actions/pause")
    answers = [
        emulated.get(f"{url}/schema-diff?target_version={version}"),
        emulated.post(f"{url}/actions/change-sf-api-version", json={"target_version": version}),
    ]
    for each in answers:
        assert (each.status_code, list(each.json())) == (400, ["error"])


def test_a_mapping_still_syncing_blocks_the_change(emulated: Emulated, url: str) -> None:
    emulated.behave(bulk_load_seconds=60)
    emulated.imported(url, mapping("Contact"))
    emulated.get(url)
    emulated.post(f"{url}/actions/pause")
    body = {"target_version": "61.0"}
    refused = emulated.post(f"{url}/actions/change-sf-api-version", json=body)
    assert refused.status_code == 409
    assert refused.json()["syncing_mappings"] == ["Contact"]
    assert "error" in refused.json()
