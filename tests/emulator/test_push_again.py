"""Writes that are skipped, sent again or merged."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from demo import postgres
from emulator.connect.sync import trigger_log
from emulator.connect.sync.push import PushResult
from emulator.state import databases
from tests.emulator.samples import HOSTILE, NOW
from tests.emulator.tenant import Tenant, make

LATER = NOW + timedelta(hours=1)


def test_ignored_entries_are_skipped(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (name) VALUES ('Acme')")
    tenant.run("UPDATE {s}._trigger_log SET state = 'IGNORE'")
    assert tenant.push() == PushResult(success=0, failed=0, ignored=1, merged=0)
    assert tenant.states() == [("INSERT", "IGNORED")]
    assert tenant.org.query("Account") == []


@pytest.mark.parametrize("archived", [False, True])
def test_a_requeued_entry_is_copied_back_and_sent(tenant: Tenant, archived: bool) -> None:
    first = tenant.org.create("Account", {"Name": "First", "Code__c": "A-1"}, NOW)
    tenant.run("INSERT INTO {s}.account (name, code__c) VALUES ('Second', 'A-1')")
    tenant.push()
    table = "_trigger_log"
    if archived:
        trigger_log.archive(tenant.connect, tenant.schema, LATER + timedelta(days=9999), 99999)
        table = "_trigger_log_archive"
    tenant.org.update("Account", first.id, {"Code__c": "A-0"}, NOW)
    update = "UPDATE {s}.%s SET state = 'REQUEUE'"
    tenant.run(update % table)
    assert tenant.push() == PushResult(success=1, failed=0, ignored=0, merged=0)
    query = "SELECT state FROM {s}.%s ORDER BY id"
    assert tenant.all(query % table)[0] == ("REQUEUED",)
    assert tenant.states()[-1] == ("INSERT", "SUCCESS")
    assert tenant.account("_hc_lastop", "_hc_err") == ("INSERTED", None)


def test_hc_capture_sends_a_failed_row_again(ordered: Tenant) -> None:
    ordered.run("INSERT INTO {s}.account (twitter__c) VALUES ('acme')")
    ordered.push()
    ordered.run("UPDATE {s}._trigger_log SET state = 'REQUEUED'")
    with ordered.user.transaction():
        ordered.run("SET LOCAL xmlbinary = 'hex'")  # repairs the row without a write of its own
        ordered.run("UPDATE {s}.account SET name = 'Acme'")
    ordered.run(
        "SELECT {s}.hc_capture_insert_from_row(public.hstore(a), 'account') FROM {s}.account AS a"
    )
    assert ordered.push().success == 1
    assert ordered.account("_hc_lastop") == ("INSERTED",)


def test_writes_of_one_row_are_merged_into_one_call(merging: Tenant) -> None:
    merging.run("INSERT INTO {s}.account (name) VALUES ('Acme')")
    merging.run("UPDATE {s}.account SET name = 'Acme 2'")
    merging.run("UPDATE {s}.account SET twitter__c = 'acme'")
    assert merging.push() == PushResult(success=1, failed=0, ignored=0, merged=2)
    (record,) = merging.org.query("Account")
    assert record.values == {"Name": "Acme 2", "Twitter__c": "acme"}
    assert record.created_at == record.modified_at
    assert merging.states() == [("INSERT", "SUCCESS"), ("UPDATE", "MERGED"), ("UPDATE", "MERGED")]


def test_a_merged_write_that_failed_can_be_sent_again_whole(merging: Tenant) -> None:
    first = merging.org.create("Account", {"Name": "First", "Code__c": "A-1"}, NOW)
    merging.run("INSERT INTO {s}.account (name) VALUES ('Second')")
    merging.run("UPDATE {s}.account SET code__c = 'A-1'")
    assert merging.push() == PushResult(success=0, failed=1, ignored=0, merged=1)
    merging.org.update("Account", first.id, {"Code__c": "A-0"}, NOW)
    merging.run("UPDATE {s}._trigger_log SET state = 'NEW' WHERE state = 'FAILED'")
    assert merging.push().success == 1
    assert merging.org.query("Account")[-1].values == {"Name": "Second", "Code__c": "A-1"}


def test_data_goes_both_ways_without_hstore_on_the_wheels_postgres() -> None:
    server = postgres.start(
        Path("/var/tmp/multiconnect-wheel-test"),  # noqa: S108 - throw-away
        durable=False,
        binaries=postgres.wheel_binaries(),
    )
    try:
        url = server.ensure_database("multiconnect")
        with (
            psycopg.connect(url, autocommit=True) as connect,
            psycopg.connect(url, autocommit=True) as user,
        ):
            assert not databases.has_hstore(connect)
            tenant = make(connect, user, "sf_wheel_1", merged_writes=True)
            tenant.org.create("Account", {"Name": "From Salesforce"}, NOW)
            assert tenant.load() == 1
            tenant.run("INSERT INTO {s}.account (name) VALUES (%s)", [" ".join(HOSTILE)])
            assert tenant.push().success == 1
            assert tenant.poll().rows == 2
            lastops = tenant.all("SELECT DISTINCT _hc_lastop FROM {s}.account")
            assert lastops == [("SYNCED",)]
    finally:
        server.stop()
