"""Writes from Postgres to the org, in both modes of Heroku Connect."""

import threading
from datetime import timedelta

import psycopg
import pytest

from emulator.connect.sync import load, push, tables
from emulator.connect.sync.push import PushResult
from emulator.connect.sync.session import alone
from emulator.org.objects import Field, SObject
from emulator.org.standard_objects import SYSTEM_FIELDS
from tests.emulator.samples import ACCOUNT, ACCOUNT_CONFIG, HOSTILE, NOW, config
from tests.emulator.tenant import Tenant

LATER = NOW + timedelta(hours=1)


def test_a_new_row_goes_from_pending_to_inserted_to_synced(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (name, twitter__c) VALUES ('Acme', 'acme')")
    assert tenant.account("_hc_lastop", "sfid") == ("PENDING", None)
    assert tenant.push() == PushResult(success=1, failed=0, ignored=0, merged=0)
    (record,) = tenant.org.query("Account")
    assert record.values == {"Name": "Acme", "Twitter__c": "acme"}
    after_push = tenant.account("_hc_lastop", "sfid", "createddate", "systemmodstamp", "isdeleted")
    assert after_push == ("INSERTED", record.id, None, None, None)
    tenant.poll()
    stamp = NOW.replace(tzinfo=None)
    after_poll = tenant.account("_hc_lastop", "sfid", "createddate", "systemmodstamp", "isdeleted")
    assert after_poll == ("SYNCED", record.id, stamp, stamp, False)
    ((state, sfid, result, message, processed_at),) = tenant.all(
        "SELECT state, sfid, sf_result, sf_message, processed_at FROM {s}._trigger_log"
        " WHERE processed_tx IS NOT NULL"
    )
    assert (state, sfid, result, message, processed_at) == ("SUCCESS", record.id, 1, None, NOW)


def test_updates_and_deletes_reach_the_org(tenant: Tenant) -> None:
    record = tenant.org.create("Account", {"Name": "Acme"}, NOW)
    tenant.load()
    tenant.run("UPDATE {s}.account SET name = 'Acme 2', customer__c = true")
    assert tenant.push().success == 1
    assert tenant.account("_hc_lastop") == ("UPDATED",)
    assert tenant.org.query("Account")[0].values == {"Name": "Acme 2", "Customer__c": True}
    tenant.run("DELETE FROM {s}.account WHERE sfid = %s", [record.id])
    assert tenant.push().success == 1
    assert tenant.org.query("Account")[0].deleted


def test_a_refused_write_is_explained_in_the_log_and_in_the_row(tenant: Tenant) -> None:
    tenant.org.create("Account", {"Name": "First", "Code__c": "A-1"}, NOW)
    tenant.run("INSERT INTO {s}.account (name, code__c) VALUES ('Second', 'a-1')")
    assert tenant.push() == PushResult(success=0, failed=1, ignored=0, merged=0)
    lastop, error, sfid = tenant.account("_hc_lastop", "_hc_err", "sfid")
    assert (lastop, sfid) == ("FAILED", None)
    assert "DUPLICATE_VALUE" in error
    ((state, message, result),) = tenant.all(
        "SELECT state, sf_message, sf_result FROM {s}._trigger_log"
    )
    assert (state, result) == ("FAILED", 0)
    assert message.startswith("DUPLICATE_VALUE: duplicate value found: Code__c")


def test_one_refusal_does_not_stop_the_others(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (name) VALUES ('a'), (NULL), ('c')")
    assert tenant.push() == PushResult(success=2, failed=1, ignored=0, merged=0)
    rows = tenant.all("SELECT name, _hc_lastop FROM {s}.account ORDER BY id")
    assert rows == [("a", "INSERTED"), (None, "FAILED"), ("c", "INSERTED")]


def test_more_entries_than_one_batch_are_sent_in_their_order(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (name) SELECT 'n' || g FROM generate_series(1, 450) AS g")
    assert tenant.push().success == 450
    rows = tenant.all("SELECT name, sfid FROM {s}.account ORDER BY id")
    assert rows == [(each.values["Name"], each.id) for each in tenant.org.query("Account")]


def test_an_update_of_a_row_that_was_just_inserted_finds_its_record(ordered: Tenant) -> None:
    ordered.run("INSERT INTO {s}.account (name) VALUES ('Acme')")
    ordered.run("UPDATE {s}.account SET name = 'Acme 2'")
    assert ordered.push() == PushResult(success=2, failed=0, ignored=0, merged=0)
    assert ordered.org.query("Account")[0].values == {"Name": "Acme 2"}
    assert ordered.account("_hc_lastop") == ("UPDATED",)


def test_a_row_deleted_before_its_insert_was_sent_leaves_an_orphan_in_the_org(
    tenant: Tenant,
) -> None:
    tenant.run("INSERT INTO {s}.account (name) VALUES ('Acme')")
    tenant.run("UPDATE {s}.account SET name = 'Orphan'")
    tenant.run("DELETE FROM {s}.account")
    assert tenant.push().ignored == 1
    (record,) = tenant.org.query("Account")
    assert (record.values["Name"], record.deleted) == ("Orphan", False)
    assert tenant.all("SELECT * FROM {s}.account") == []
    # As a new row, it comes back with the next poll.
    tenant.poll()
    assert tenant.account("sfid", "name") == (record.id, "Orphan")


def test_a_delete_without_sfid_that_is_sent_by_hand_finds_no_record(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (name) VALUES ('Acme')")
    tenant.run("DELETE FROM {s}.account")
    tenant.push()
    tenant.run("UPDATE {s}._trigger_log SET state = 'NEW' WHERE action = 'DELETE'")
    assert tenant.push() == PushResult(success=0, failed=0, ignored=1, merged=0)
    assert [record.deleted for record in tenant.org.query("Account")] == [False]


def test_a_row_that_is_made_twice_before_it_is_sent_becomes_two_records(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (id, name) VALUES (7, 'First')")
    tenant.run("DELETE FROM {s}.account")
    tenant.run("INSERT INTO {s}.account (id, name) VALUES (7, 'Second')")
    assert tenant.push().success == 2
    first, second = tenant.org.query("Account")
    assert (first.values["Name"], second.values["Name"]) == ("First", "Second")
    assert tenant.account("sfid") == (second.id,)


def test_a_row_that_reuses_a_deleted_rows_id_gets_its_own_record(
    tenant: Tenant,
) -> None:
    tenant.org.create("Account", {"Name": "Old"}, NOW)
    tenant.load()
    tenant.run("DELETE FROM {s}.account")
    tenant.run("INSERT INTO {s}.account (id, name) VALUES (1, NULL)")
    assert tenant.push() == PushResult(success=1, failed=1, ignored=0, merged=0)
    assert tenant.account("id", "sfid", "_hc_lastop") == (1, None, "FAILED")


def test_an_insert_that_failed_fails_its_updates_too(ordered: Tenant) -> None:
    ordered.run("INSERT INTO {s}.account (twitter__c) VALUES ('a')")
    ordered.run("UPDATE {s}.account SET twitter__c = 'b'")
    assert ordered.push() == PushResult(success=0, failed=2, ignored=0, merged=0)


def test_a_second_failure_of_a_row_is_recorded(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (twitter__c) VALUES ('a')")
    tenant.push()
    tenant.run("UPDATE {s}._trigger_log SET state = 'NEW'")
    tenant.push()
    lastop, error = tenant.account("_hc_lastop", "_hc_err")
    assert lastop == "FAILED"
    assert "REQUIRED_FIELD_MISSING" in error


def test_an_update_of_system_columns_alone_is_ignored(tenant: Tenant) -> None:
    tenant.org.create("Account", {"Name": "Acme"}, NOW)
    tenant.load()
    tenant.run("UPDATE {s}.account SET systemmodstamp = '2000-01-01', isdeleted = true")
    tenant.run("UPDATE {s}.account SET name = name")
    result = tenant.push()
    assert (result.success, result.failed) == (0, 0)
    assert result.ignored + result.merged == 2
    assert tenant.account("_hc_lastop") == ("SYNCED",)


def test_entries_of_tables_that_are_not_synced_now_wait(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.hcpoc__tweet__c (hcpoc__body__c) VALUES ('hello')")
    others = {"Account": ACCOUNT_CONFIG}
    arguments = (tenant.connect, tenant.schema, tenant.org, others, NOW, tenant.merged_writes)
    assert push.push_writes(*arguments).success == 0
    assert tenant.states() == [("INSERT", "NEW")]
    assert tenant.push().success == 1


def test_what_was_captured_before_a_switch_to_read_only_is_still_sent(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (name) VALUES ('before')")
    read_only = {**ACCOUNT_CONFIG, "access": "read_only"}
    tables.alter_table(tenant.connect, tenant.schema, ACCOUNT, read_only, tenant.merged_writes)
    tenant.run("INSERT INTO {s}.account (name) VALUES ('after')")
    assert tenant.push().success == 1
    assert [record.values["Name"] for record in tenant.org.query("Account")] == ["before"]
    assert tenant.states() == [("INSERT", "SUCCESS"), ("INSERT", "READONLY")]


def test_entries_of_a_run_that_was_killed_are_sent_by_the_next(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (name) VALUES ('Acme')")
    tenant.run("UPDATE {s}._trigger_log SET state = 'PENDING'")
    assert tenant.push().success == 1


def test_a_lookup_to_a_parents_sfid_reaches_the_org(tenant: Tenant) -> None:
    parent = tenant.org.create("Account", {"Name": "Acme"}, NOW)
    tenant.load()
    tenant.run(
        "INSERT INTO {s}.hcpoc__tweet__c (hcpoc__account__c, hcpoc__body__c)"
        " SELECT sfid, 'hello' FROM {s}.account"
    )
    assert tenant.push().success == 1
    (tweet,) = tenant.org.query("hcpoc__Tweet__c")
    assert tweet.values == {
        "Name": "T-00001",
        "hcpoc__Account__c": parent.id,
        "hcpoc__Body__c": "hello",
    }


def test_a_parent_named_by_external_id_fills_the_lookup_at_the_next_poll(merging: Tenant) -> None:
    child = SObject(
        "Child__c",
        (*SYSTEM_FIELDS, Field("Account__c", "reference", reference_to="Account")),
        "a06",
    )
    wanted = {**config("Account__c", "Account__r__Code__c"), "indexes": {}}
    wanted["fields"].pop("Name")
    merging.org.set_objects([ACCOUNT, child])
    parent = merging.org.create("Account", {"Name": "Acme", "Code__c": "A-1"}, NOW)
    tables.create_table(merging.connect, merging.schema, child, wanted, merged_writes=True)
    merging.run("INSERT INTO {s}.child__c (account__r__code__c) VALUES ('A-1')")
    mappings = {"Child__c": wanted}
    target = (merging.connect, merging.schema, merging.org)
    assert push.push_writes(*target, mappings, NOW, merged_writes=True).success == 1
    load.poll_salesforce(*target, child, wanted, None)
    rows = merging.all("SELECT account__c, account__r__code__c FROM {s}.child__c")
    assert rows == [(parent.id, "A-1")]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_reach_the_org_unchanged(tenant: Tenant, value: str) -> None:
    tenant.run("INSERT INTO {s}.account (name, notes__c) VALUES ('x', %s)", [value])
    assert tenant.push().success == 1
    assert tenant.org.query("Account")[0].values["Notes__c"] == value


def test_two_pushes_at_once_send_nothing_twice(tenant: Tenant, emulator_database: str) -> None:
    tenant.run("INSERT INTO {s}.account (name) SELECT 'n' || g FROM generate_series(1, 50) AS g")
    with psycopg.connect(emulator_database, autocommit=True) as other:
        rival = Tenant(other, tenant.user, tenant.schema, tenant.org, tenant.merged_writes)
        results: list[PushResult] = []
        thread = threading.Thread(target=lambda: results.append(rival.push()))
        with alone(tenant.connect, tenant.schema):
            thread.start()
            thread.join(0.1)
            assert thread.is_alive()
            assert tenant.states() == [("INSERT", "NEW")] * 50
        results.append(tenant.push())
        thread.join(10)
    assert sorted(result.success for result in results) == [0, 50]
    assert len(tenant.org.query("Account")) == 50
