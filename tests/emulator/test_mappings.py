"""Heroku Connect's regional API: mappings, one at a time."""

from typing import Any

import pytest

from tests.emulator.client import ACCOUNT, TWEET, Emulated, mapping, run_as_application

KEYS = {
    *("id", "_id", "object_name", "state", "config", "detail_url", "errors_url", "schema_url"),
    *("created_at", "updated_at", "connection", "sf_notify_enabled", "sf_polling_seconds"),
    *("access", "counts", "actively_writing", "state_description", "sync_flags", "times"),
    *("has_hc_columns", "db_count_date", "salesforce_count_date", "is_polling", "upsert_field"),
}


@pytest.fixture
def url(emulated: Emulated) -> str:
    """Acme's authorized connection, with its Accounts mapped."""
    url = emulated.authorized(emulated.org(records={"Account": [{"Name": "One"}]}))
    emulated.imported(url, ACCOUNT)
    emulated.get(url)
    return url


def path_of(emulated: Emulated, url: str, object_name: str = "Account") -> str:
    """The path of a mapping."""
    return f"/region{emulated.mapping(url, object_name)['detail_url']}"


def test_a_mapping_has_every_key(emulated: Emulated, url: str) -> None:
    shown = emulated.get(path_of(emulated, url)).json()
    assert shown.keys() == KEYS
    assert shown == emulated.mapping(url, "Account")
    assert shown["counts"] == {"db": 1, "sf": 1, "pending": 0, "errors": 0}
    assert shown["times"].keys() == {"sf_poll", "sf_write", "db_poll", "db_write"}
    assert shown["times"]["sf_poll"][10] == " "
    assert shown["times"]["sf_poll"].endswith("+00:00")
    assert shown["created_at"].endswith("Z")
    assert shown["schema_url"].startswith("http")
    assert emulated.get("/region/api/v3/mappings/none").status_code == 404


def test_a_mapping_is_made_once(emulated: Emulated, url: str) -> None:
    made = emulated.post(f"{url}/mappings", json=TWEET)
    assert (made.status_code, made.json()["state"]) == (201, "INITIAL")
    assert emulated.states(url) == {"Account": "DATA_SYNCED", "Tweet__c": "DATA_SYNCED"}
    assert emulated.post(f"{url}/mappings", json=mapping("tweet__c")).status_code == 409
    emulated.behave(mapping_limit=2)
    assert emulated.post(f"{url}/mappings", json=mapping("Contact")).status_code == 400


def test_a_change_needs_the_current_revision(emulated: Emulated, url: str) -> None:
    path = path_of(emulated, url)
    current = emulated.get(path).json()
    kept: dict[str, Any] = {"Id": {}, "SystemModstamp": {}, "Phone": {}}
    wanted = {"config": {**current["config"], "fields": kept, "indexes": {}}}
    changed = emulated.call("PUT", path, json=wanted)
    assert (changed.status_code, changed.json()["state"]) == (202, "SCHEMA_CHANGED")
    assert emulated.states(url) == {"Account": "DATA_SYNCED"}
    columns = {name for (name,) in _columns(emulated)}
    assert columns == {"id", "sfid", "systemmodstamp", "phone", "_hc_lastop", "_hc_err"}
    stale = emulated.call("PUT", path, json=wanted)
    assert (stale.status_code, list(stale.json())) == (409, ["message"])
    other = {"object_name": "Contact", **wanted}
    assert emulated.call("PUT", path, json=other).status_code == 400


def _columns(emulated: Emulated) -> list[tuple[Any, ...]]:
    return run_as_application(
        emulated,
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'sf_acme_1' AND table_name = 'account'",
    )


def test_a_change_goes_through_its_states(emulated: Emulated, url: str) -> None:
    emulated.behave(initial_seconds=5, bulk_load_seconds=5)
    emulated.imported(url, mapping("Account", "Phone"))
    seen = []
    for _ in range(3):
        seen.append(emulated.states(url)["Account"])
        emulated.advance(5)
    assert seen == ["SCHEMA_CHANGED", "RESYNC", "DATA_SYNCED"]


def test_the_same_configuration_again_changes_nothing(emulated: Emulated, url: str) -> None:
    emulated.behave(initial_seconds=5)
    emulated.imported(url, ACCOUNT)
    assert emulated.states(url) == {"Account": "DATA_SYNCED"}
    assert emulated.mapping(url, "Account")["config"]["revision"] == 1


@pytest.mark.parametrize("drops", [True, False])
def test_deleting_a_mapping_drops_its_table_or_keeps_it(
    emulated: Emulated, url: str, drops: bool
) -> None:
    path = path_of(emulated, url)
    emulated.behave(drop_table_with_mapping=drops)
    assert emulated.call("DELETE", path).status_code == 204
    assert emulated.states(url) == {}
    assert bool(_columns(emulated)) is not drops
    assert emulated.call("DELETE", path).status_code == 404
    emulated.imported(url, ACCOUNT)
    assert emulated.states(url) == {"Account": "DATA_SYNCED"}


def test_a_reload_repairs_the_rows(emulated: Emulated, url: str) -> None:
    path = path_of(emulated, url)
    run_as_application(
        emulated, "SET xmlbinary = hex; UPDATE sf_acme_1.account SET name = 'Broken'"
    )
    emulated.behave(initial_seconds=5, bulk_wait_seconds=5, bulk_load_seconds=5)
    assert emulated.post(f"{path}/actions/reload").status_code == 202
    seen = []
    for _ in range(4):
        seen.append(emulated.states(url)["Account"])
        emulated.advance(5)
    assert seen == ["RELOAD_TABLE", "WAIT_BULK_LOAD", "LOADING_BULK_JOB", "DATA_SYNCED"]
    assert run_as_application(emulated, "SELECT name FROM sf_acme_1.account") == [("One",)]
    emulated.post(f"{url}/actions/pause")
    assert emulated.post(f"{path}/actions/reload").status_code == 409


def test_a_mapping_lists_its_own_errors_and_findings(emulated: Emulated, url: str) -> None:
    emulated.imported(url, TWEET)
    emulated.get(url)
    run_as_application(emulated, "INSERT INTO sf_acme_1.tweet__c (body__c) VALUES ('alone')")
    emulated.sync()
    assert emulated.get(f"{path_of(emulated, url)}/errors").json()["count"] == 0
    assert emulated.get(f"{path_of(emulated, url, 'Tweet__c')}/errors").json()["count"] == 1
    found = emulated.get(f"{path_of(emulated, url)}/validations").json()
    assert found.keys() == {"errors", "warnings", "passes", "skips"}
    assert [each["rule_id"] for each in found["errors"]] == ["UNIQUE_IDENTIFIER"]
