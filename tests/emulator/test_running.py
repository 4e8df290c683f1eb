"""A running emulator as product tests use it, and the calls of /control that are made for them."""

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

import emulator
from emulator import Running, testing
from tests.emulator.client import ACME, Emulated
from tests.emulator.samples import ACCOUNT_CONFIG

CONFIG = {**ACCOUNT_CONFIG, "fields": {"Id": {}, "CreatedDate": {}, "Name": {}}, "indexes": {}}
LOADED = {
    "org_id": ACME,
    "schema_name": "sf_ready_1",
    "plan": "herokuconnect:enterprise",
    "mappings": [{"object_name": "Account", "config": CONFIG}],
}


@pytest.fixture
def running(emulated: Emulated) -> Running:
    """The emulator of these tests, from outside, with the org Acme and one Account."""
    served = emulated.running
    made = Running(served.url, served.world.options, served.application)
    org = {"org_id": ACME, "name": "Acme", "records": {"Account": [{"Name": "Northwind"}]}}
    made.control("POST", "orgs", org)
    return made


def test_a_ready_connection_has_its_tables_and_the_orgs_records(running: Running) -> None:
    running.behave(bulk_load_seconds=3600)
    made = running.control("POST", "connections", LOADED)
    assert (made["state"], made["mappings"][0]["state"]) == ("IDLE", "DATA_SYNCED")
    assert made["mappings"][0]["counts"]["db"] == 1
    with psycopg.connect(running.options.database_url) as conn:
        query = sql.SQL("SELECT name FROM {}.account").format(sql.Identifier("sf_ready_1"))
        assert conn.execute(query).fetchall() == [("Northwind",)]
    assert running.connection(made["id"]) == made


def test_many_connections_without_tables_are_listed_by_the_region(
    running: Running, emulated: Emulated
) -> None:
    wanted = [
        {**LOADED, "id": f"id-{n}", "name": f"hc-{n}", "schema_name": f"sf_{n}", "tables": False}
        for n in range(3)
    ]
    running.control("POST", "connections", wanted)
    found = emulated.get("/region/api/v3/connections?deep=true").json()["results"]
    assert [each["resource_name"] for each in found] == ["hc-0", "hc-1", "hc-2"]
    assert {each["mappings"][0]["state"] for each in found} == {"DATA_SYNCED"}


def test_a_mapping_made_by_hand_is_loaded_at_once(running: Running) -> None:
    made = running.control("POST", "connections", {**LOADED, "mappings": []})
    body = {"object_name": "Account", "config": CONFIG}
    seen = running.control("POST", f"connections/{made['id']}/mappings", body)
    assert [each["state"] for each in seen["mappings"]] == ["DATA_SYNCED"]


def test_a_granted_token_works_until_it_expires_or_is_revoked(
    running: Running, emulated: Emulated
) -> None:
    granted = running.control("POST", f"orgs/{ACME}/grants")
    token = {"Authorization": f"Bearer {granted['access_token']}"}
    assert emulated.get(granted["identity_url"], headers=token).status_code == 200
    running.control("POST", f"orgs/{ACME}/expire")
    assert emulated.get(granted["identity_url"], headers=token).status_code == 403
    assert [each["revoked"] for each in running.grants()] == [False]
    running.control("POST", f"orgs/{ACME}/revoke")
    assert [each["revoked"] for each in running.grants()] == [True]


def test_a_user_loses_the_view_of_all_data(running: Running) -> None:
    user = running.admin(ACME).replace("/", "/users/")
    running.control("PATCH", f"orgs/{user}", {"view_all_data": False})
    assert running.org(ACME)["users"][0]["view_all_data"] is False


def test_an_addon_is_linked_and_the_link_ended(running: Running) -> None:
    made = running.control("POST", "connections", LOADED)
    running.control("PATCH", f"addons/{made['addon_id']}", {"linked": False})
    assert [each["linked"] for each in running.addons()] == [False]


def test_merged_writes_can_be_switched_on(running: Running) -> None:
    running.behave(merged_writes=True)
    assert running.control("POST", "connections", LOADED)["merged_writes"] is True


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "connections/nobody", None),
        ("PATCH", "addons/nobody", {"linked": True}),
        ("PATCH", f"orgs/{ACME}/users/nobody", {"view_all_data": True}),
        ("POST", "connections", {"org_id": ACME, "schema_name": "sf_1", "color": "red"}),
        ("POST", "connections/nobody/notifications", {"message": "x"}),
    ],
)
def test_what_makes_no_sense_is_refused(
    running: Running, method: str, path: str, body: object
) -> None:
    with pytest.raises(emulator.ControlError, match=r"^40[04]:"):
        running.control(method, path, body)


def test_faults_calls_and_time_have_methods(running: Running, emulated: Emulated) -> None:
    running.fail("heroku", path="/account", status=503)
    assert emulated.get("/heroku/account").status_code == 503
    running.clear_faults()
    assert emulated.get("/heroku/account").status_code == 200
    assert [each["status"] for each in running.calls()] == [503, 200]
    running.clear_calls()
    assert running.calls() == []
    before = running.control("GET", "clock")["seconds"]
    running.advance(60)
    assert running.control("GET", "clock")["seconds"] >= before + 60


def test_tables_are_made_in_the_callers_transaction(running: Running) -> None:
    mappings = [{"object_name": "hcmc__Tweet__c", "config": {**CONFIG, "fields": {"Id": {}}}}]
    with psycopg.connect(running.options.database_url) as conn:
        testing.make_tables(conn, "sf_own_1", mappings, namespace="hcmc")
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'sf_own_1'"
        assert ("hcmc__tweet__c",) in conn.execute(query).fetchall()
        conn.rollback()
        assert conn.execute(query).fetchall() == []


def test_another_source_of_the_package_serves_for_a_while(tmp_path: Path) -> None:
    fields = testing.object_fields("hcmc")
    assert "hcmc__Tweet_Id__c" in fields["hcmc__Tweet__c"]
    assert "hcmc__Tweet_Id__c" not in testing.object_fields("hcmc", "2016")["hcmc__Tweet__c"]
    with testing.package_read_from(tmp_path), pytest.raises(FileNotFoundError):
        testing.object_fields()
    assert testing.object_fields("hcmc") == fields


def test_a_record_id_has_eighteen_characters() -> None:
    assert testing.record_id("001B00", 1) == "001B00000000001IAA"
