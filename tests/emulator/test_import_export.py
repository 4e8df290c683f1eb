"""Heroku Connect's regional API: import and export of the configuration."""

from typing import Any

import pytest

from tests.emulator.client import ACCOUNT, TWEET, Emulated, mapping, run_as_application


def test_an_import_waits_runs_and_loads_each_mapping(emulated: Emulated) -> None:
    org = emulated.org(records={"Account": [{"Name": "One"}]})
    url = emulated.authorized(org)
    emulated.behave(
        import_lag_seconds=5,
        import_seconds=5,
        initial_seconds=5,
        bulk_wait_seconds=5,
        bulk_load_seconds=5,
    )
    emulated.imported(url, ACCOUNT)
    seen = []
    for _ in range(6):
        states = emulated.states(url)
        seen.append((emulated.get(url).json()["state"], states.get("Account")))
        emulated.advance(5)
    assert seen == [
        ("IDLE", None),
        ("IMPORT_CONFIGURATION", None),
        ("IDLE", "INITIAL"),
        ("IDLE", "WAIT_BULK_LOAD"),
        ("IDLE", "LOADING_BULK_JOB"),
        ("IDLE", "DATA_SYNCED"),
    ]
    assert run_as_application(emulated, "SELECT name FROM sf_acme_1.account") == [("One",)]


def test_one_long_jump_of_the_clock_runs_the_whole_chain(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.behave(import_lag_seconds=5, import_seconds=5, bulk_load_seconds=15)
    emulated.imported(url, ACCOUNT)
    emulated.advance(25)
    assert emulated.states(url) == {"Account": "DATA_SYNCED"}


def test_an_import_merges_and_never_deletes(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, ACCOUNT, TWEET)
    before = emulated.mapping(url, "Tweet__c")
    emulated.imported(url, mapping("Account", "Phone"))
    assert emulated.states(url) == {"Account": "DATA_SYNCED", "Tweet__c": "DATA_SYNCED"}
    changed = emulated.mapping(url, "Account")["config"]
    assert "Phone" in changed["fields"]
    assert "Twitter__c" not in changed["fields"]
    assert changed["revision"] == 2
    assert emulated.mapping(url, "Tweet__c") == before


def test_unknown_objects_and_fields_end_as_bad_config(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, mapping("Nothing__c"), mapping("Account", "Nope__c"), TWEET)
    assert emulated.states(url) == {
        "Account": "BAD_CONFIG",
        "Nothing__c": "BAD_CONFIG",
        "Tweet__c": "DATA_SYNCED",
    }
    assert emulated.get(url).json()["mappings_summary_state"] == "BAD_CONFIG"
    found = emulated.get(f"{url}/notifications").json()["results"]
    assert {each["event_type"] for each in found} == {"mapping-error"}
    assert "Nope__c" in emulated.mapping(url, "Account")["state_description"]


def test_an_import_with_a_relationship_and_no_indexes_is_lost_silently(emulated: Emulated) -> None:
    url = emulated.authorized(emulated.org())
    trap = mapping("Contact", "Account__r__External__c")
    del trap["config"]["indexes"]
    emulated.imported(url, trap, ACCOUNT)
    assert emulated.detail(url)["state"] == "IDLE"
    assert emulated.states(url) == {}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"mappings": {}},
        {"mappings": [{}]},
        {"mappings": [{"object_name": "Account"}]},
        {"mappings": [{"object_name": "Account", "config": {"fields": {}, "access": "all"}}]},
        {
            "mappings": [
                {"object_name": "Account", "config": {"fields": {}, "sf_polling_seconds": "x"}}
            ]
        },
        {"mappings": [{"object_name": f"O{n}", "config": {"fields": {}}} for n in range(101)]},
    ],
)
def test_an_invalid_document_is_refused(emulated: Emulated, document: Any) -> None:
    url = emulated.authorized(emulated.org())
    refused = emulated.post(f"{url}/actions/import", json=document)
    assert refused.status_code == 400
    assert refused.json()["message"]


def test_an_import_needs_an_authenticated_idle_connection(emulated: Emulated) -> None:
    url = emulated.configured()
    emulated.get(url)
    document = {"mappings": [ACCOUNT]}
    refused = emulated.post(f"{url}/actions/import", json=document)
    assert (refused.status_code, list(refused.json())) == (400, ["message"])
    emulated.authorize(url, emulated.org())
    emulated.post(f"{url}/actions/pause")
    assert emulated.post(f"{url}/actions/import", json=document).status_code == 409


@pytest.mark.parametrize(("plan", "seconds"), [("demo", 600), ("enterprise", 120)])
def test_polling_faster_than_the_plan_allows_is_limited_or_refused(
    emulated: Emulated, plan: str, seconds: int
) -> None:
    url = emulated.authorized(emulated.org(), plan=f"herokuconnect:{plan}")
    fast = mapping("Account")
    fast["config"]["sf_polling_seconds"] = 60
    emulated.imported(url, fast)
    assert emulated.mapping(url, "Account")["sf_polling_seconds"] == seconds
    emulated.behave(refuse_fast_polling=True)
    refused = emulated.post(f"{url}/actions/import", json={"mappings": [fast]})
    assert refused.status_code == 400


def test_an_export_can_be_imported_elsewhere(emulated: Emulated) -> None:
    org = emulated.org()
    url = emulated.authorized(org)
    emulated.imported(url, ACCOUNT, TWEET)
    emulated.get(url)
    exported = emulated.get(f"{url}/actions/export").json()
    assert exported["version"] == 1
    assert exported["connection"]["organization_id"] == org["id"]
    assert [each["object_name"] for each in exported["mappings"]] == ["Account", "Tweet__c"]
    other = emulated.authorized(org, "hc-other", "sf_acme_2")
    assert emulated.post(f"{other}/actions/import", json=exported).ok
    assert emulated.states(other) == emulated.states(url)
