"""Polls both ways, by time and after errors, through a served emulator."""

from typing import Any

import pytest

from tests.emulator.client import ACCOUNT, ACME, APP, TWEET, Emulated, mapping, run_as_application

ACCOUNTS = f"/control/orgs/{ACME}/records/Account"


@pytest.fixture
def url(emulated: Emulated) -> str:
    """Acme's live connection: Accounts and Tweets mapped, one Account."""
    url = emulated.authorized(emulated.org(records={"Account": [{"Name": "One"}]}))
    emulated.imported(url, ACCOUNT, TWEET)
    assert emulated.states(url) == {"Account": "DATA_SYNCED", "Tweet__c": "DATA_SYNCED"}
    return url


def names(emulated: Emulated) -> set[Any]:
    """The names of the Accounts in Postgres."""
    return {name for (name,) in run_as_application(emulated, "SELECT name FROM sf_acme_1.account")}


def in_org(emulated: Emulated) -> list[dict[str, Any]]:
    """The Accounts in the org."""
    found: list[dict[str, Any]] = emulated.get(ACCOUNTS).json()["records"]
    return found


# -- both ways -----------------------------------------------------------------------------------


def test_changes_in_the_org_arrive_with_the_next_poll(emulated: Emulated, url: str) -> None:
    (one,) = in_org(emulated)
    emulated.post(ACCOUNTS, json={"Name": "Two"})
    emulated.call("PATCH", f"{ACCOUNTS}/{one['Id']}", json={"Name": "Uno"})
    emulated.advance(599)
    assert names(emulated) == {"One"}
    emulated.advance(1)
    assert names(emulated) == {"Uno", "Two"}
    emulated.call("DELETE", f"{ACCOUNTS}/{one['Id']}")
    emulated.sync()
    assert names(emulated) == {"Two"}
    assert emulated.mapping(url, "Account")["counts"]["db"] == 1


def test_rows_written_in_postgres_reach_the_org_and_get_their_id(
    emulated: Emulated, url: str
) -> None:
    run_as_application(
        emulated, "INSERT INTO sf_acme_1.account (name, twitter__c) VALUES ('New', 'new')"
    )
    emulated.sync()
    (made,) = [each for each in in_org(emulated) if each["Name"] == "New"]
    found = run_as_application(
        emulated, "SELECT sfid, _hc_lastop FROM sf_acme_1.account WHERE name = 'New'"
    )
    assert found == [(made["Id"], "SYNCED")]
    run_as_application(emulated, "UPDATE sf_acme_1.account SET name = 'Newer' WHERE name = 'New'")
    emulated.sync()
    assert {each["Name"] for each in in_org(emulated)} == {"One", "Newer"}
    run_as_application(emulated, "DELETE FROM sf_acme_1.account WHERE name = 'Newer'")
    emulated.sync()
    assert {each["Name"] for each in in_org(emulated)} == {"One"}
    written = emulated.detail(url)["metrics"]["last_write_activity_time"]
    assert written.endswith("Z")


def test_a_heard_write_is_sent_within_ten_seconds_and_others_within_two_minutes(
    emulated: Emulated, url: str
) -> None:
    emulated.advance(121)
    run_as_application(emulated, "UPDATE sf_acme_1.account SET name = 'Heard'")
    emulated.advance(9)
    assert in_org(emulated)[0]["Name"] == "One"
    emulated.advance(1)
    assert in_org(emulated)[0]["Name"] == "Heard"


def test_finished_writes_move_to_the_archive(emulated: Emulated, url: str) -> None:
    run_as_application(emulated, "UPDATE sf_acme_1.account SET name = 'Uno'")
    emulated.sync()
    emulated.advance(120)
    assert run_as_application(emulated, "SELECT count(*) FROM sf_acme_1._trigger_log") == [(0,)]
    archived = run_as_application(emulated, "SELECT state FROM sf_acme_1._trigger_log_archive")
    assert archived == [("SUCCESS",)]


def test_a_paused_connection_syncs_nothing_until_it_is_resumed(
    emulated: Emulated, url: str
) -> None:
    emulated.post(f"{url}/actions/pause")
    run_as_application(emulated, "UPDATE sf_acme_1.account SET name = 'Later'")
    emulated.post(ACCOUNTS, json={"Name": "Two"})
    emulated.sync()
    assert {each["Name"] for each in in_org(emulated)} == {"One", "Two"}
    assert names(emulated) == {"Later"}
    emulated.post(f"{url}/actions/resume")
    emulated.sync()
    assert {each["Name"] for each in in_org(emulated)} == {"Later", "Two"}
    assert names(emulated) == {"Later", "Two"}


# -- trouble -------------------------------------------------------------------------------------


def test_a_revoked_grant_makes_it_unauthorized_until_authorized_again(
    emulated: Emulated, url: str
) -> None:
    emulated.control(f"orgs/{ACME}/revoke")
    emulated.sync()
    assert emulated.detail(url)["state"] == "UNAUTHORIZED"
    emulated.post(f"{url}/actions/restart")
    emulated.running.engine.tick()  # no poll is due yet, so it asks nothing
    assert emulated.detail(url)["state"] == "IDLE"
    emulated.sync()
    assert emulated.detail(url)["state"] == "UNAUTHORIZED"
    emulated.authorize(url, emulated.get(f"/control/orgs/{ACME}").json())
    assert emulated.detail(url)["state"] == "IDLE"
    emulated.sync()
    assert emulated.detail(url)["state"] == "IDLE"


def test_a_sixth_connection_of_one_user_ends_the_first(emulated: Emulated, url: str) -> None:
    org = emulated.get(f"/control/orgs/{ACME}").json()
    for number in range(2, 7):
        emulated.authorized(org, f"hc-{number}", f"sf_acme_{number}")
    emulated.sync()
    assert emulated.detail(url)["state"] == "UNAUTHORIZED"


def test_an_uninstalled_package_breaks_its_mappings_only(emulated: Emulated, url: str) -> None:
    emulated.control(f"orgs/{ACME}/uninstall")
    emulated.sync()
    assert emulated.states(url) == {"Account": "BAD_CONFIG", "Tweet__c": "BAD_CONFIG"}
    assert emulated.detail(url)["state"] == "IDLE"
    emulated.imported(url, mapping("Account"))
    assert emulated.states(url) == {"Account": "DATA_SYNCED", "Tweet__c": "BAD_CONFIG"}


def test_a_demo_plan_stops_at_its_row_limit(emulated: Emulated, url: str) -> None:
    emulated.behave(demo_row_limit=1)
    emulated.post(ACCOUNTS, json={"Name": "Two"})
    emulated.sync()
    assert emulated.detail(url)["state"] == "TOO_MANY_ROWS"
    body = {"plan": "herokuconnect:enterprise"}
    emulated.call("PATCH", f"/heroku/apps/{APP}/addons/hc-acme", json=body)
    emulated.post(f"{url}/actions/restart")
    emulated.sync()
    assert emulated.detail(url)["state"] == "IDLE"


def test_missing_system_tables_make_the_database_unavailable(emulated: Emulated, url: str) -> None:
    run_as_application(emulated, "DROP TABLE sf_acme_1._trigger_log")
    emulated.sync()
    assert emulated.detail(url)["state"] == "DB_UNAVAILABLE"
    (notification,) = emulated.get(f"{url}/notifications").json()["results"]
    assert notification["event_type"] == "postgres-connection"


def test_a_table_that_cannot_be_made_is_made_after_a_restart(emulated: Emulated, url: str) -> None:
    run_as_application(emulated, "ALTER SCHEMA sf_acme_1 RENAME TO hidden")
    emulated.imported(url, mapping("Contact"))
    assert emulated.states(url)["Contact"] == "DB_UNAVAILABLE"
    assert emulated.detail(url)["state"] == "DB_UNAVAILABLE"
    run_as_application(emulated, "ALTER SCHEMA hidden RENAME TO sf_acme_1")
    emulated.post(f"{url}/actions/restart")
    assert emulated.states(url)["Contact"] == "DATA_SYNCED"


def test_a_database_that_cannot_be_reached_leaves_the_connection_new(emulated: Emulated) -> None:
    away = {"AWAY_URL": "postgres://127.0.0.1:1/nowhere"}
    emulated.call("PATCH", f"/heroku/apps/{APP}/config-vars", json=away)
    url = emulated.linked()
    body = {"schema_name": "sf_acme_1", "db_key": "AWAY_URL"}
    assert emulated.call("PATCH", url, json=body).status_code == 202
    assert emulated.get(url).json()["state"] == "NEW"
    assert emulated.get(url).json()["schema_name"] is None


def test_an_unused_demo_connection_slows_down_and_is_paused(emulated: Emulated, url: str) -> None:
    day = 86_400
    emulated.advance(8 * day)
    emulated.post(ACCOUNTS, json={"Name": "Two"})
    emulated.advance(1800)
    assert names(emulated) == {"One"}
    emulated.advance(1800)
    assert names(emulated) == {"One", "Two"}
    emulated.advance(31 * day)
    assert emulated.detail(url)["state"] == "PAUSED"
    assert emulated.get(f"{url}/notifications").json()["results"][0]["event_type"] == "inactivity"


def test_the_waiting_steps_of_a_removed_mapping_are_dropped(emulated: Emulated, url: str) -> None:
    emulated.behave(bulk_load_seconds=30)
    emulated.imported(url, mapping("Contact"))
    path = f"/region{emulated.mapping(url, 'Contact')['detail_url']}"
    assert emulated.call("DELETE", path).status_code == 204
    emulated.advance(30)
    assert set(emulated.states(url)) == {"Account", "Tweet__c"}
    assert emulated.detail(url)["state"] == "IDLE"
