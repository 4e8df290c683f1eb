"""Records from the org to Postgres, and the counts, errors and archive of the trigger log."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import ClassVar

import pytest

from emulator.connect.sync import trigger_log
from emulator.connect.sync.trigger_log import Counts
from emulator.org.records import Record
from tests.emulator.samples import HOSTILE, NOW
from tests.emulator.tenant import Tenant

LATER = NOW + timedelta(hours=1)


def test_a_load_copies_every_live_record_with_its_types(merging: Tenant) -> None:
    values = {
        "Name": "Acme",
        "Customer__c": True,
        "Employees__c": 7,
        "Revenue__c": 12.5,
        "Founded__c": "1999-12-31",
        "Seen__c": "2026-11-23T12:00:01.500000Z",
    }
    record = merging.org.create("Account", values, NOW)
    gone = merging.org.create("Account", {"Name": "Gone"}, NOW)
    merging.org.delete("Account", gone.id, NOW)
    assert merging.load() == 1
    row = merging.account(
        *("sfid", "name", "customer__c", "employees__c", "revenue__c", "founded__c", "seen__c"),
        *("createddate", "isdeleted", "twitter__c", "_hc_lastop", "_hc_err"),
    )
    moment = datetime(2026, 11, 23, 12, 0, 1, 500000)  # noqa: DTZ001 - the column has no zone
    assert row == (
        *(record.id, "Acme", True, 7, 12.5, moment.date().replace(1999, 12, 31), moment),
        *(NOW.replace(tzinfo=None), False, None, "SYNCED", None),
    )
    assert merging.states() == []


@pytest.mark.parametrize("value", [*HOSTILE, "nul \0 inside", "half \ud800 a pair"])
def test_hostile_values_arrive_as_exactly_as_postgres_can_store_them(
    merging: Tenant, value: str
) -> None:
    merging.org.create("Account", {"Name": "x", "Notes__c": value}, NOW)
    merging.load()
    nearest = value.replace("\0", "").replace("\ud800", "?")
    assert merging.account("notes__c") == (nearest,)


def test_a_reload_deletes_what_the_org_no_longer_has_and_keeps_unsent_rows(
    merging: Tenant,
) -> None:
    kept = merging.org.create("Account", {"Name": "Kept"}, NOW)
    gone = merging.org.create("Account", {"Name": "Gone"}, NOW)
    merging.load()
    merging.run("INSERT INTO {s}.account (name) VALUES ('Unsent')")
    merging.org.delete("Account", gone.id, NOW)
    merging.org.update("Account", kept.id, {"Name": "Kept 2"}, NOW)
    ids = merging.all("SELECT id, sfid FROM {s}.account WHERE sfid = %s", [kept.id])
    assert merging.load() == 1
    names = merging.all("SELECT name FROM {s}.account ORDER BY name")
    assert names == [("Kept 2",), ("Unsent",)]
    assert merging.all("SELECT id, sfid FROM {s}.account WHERE sfid = %s", [kept.id]) == ids


def test_ten_thousand_records_load(merging: Tenant) -> None:
    for number in range(10_000):
        merging.org.create("Account", {"Name": f"Account {number}"}, NOW)
    assert merging.load() == 10_000


def test_a_poll_copies_changes_and_deletes_what_was_deleted(tenant: Tenant) -> None:
    first = tenant.org.create("Account", {"Name": "First"}, NOW)
    second = tenant.org.create("Account", {"Name": "Second"}, NOW)
    assert tenant.poll() == (2, second.modified_at)
    assert tenant.poll(second.modified_at) == (0, second.modified_at)
    tenant.org.update("Account", first.id, {"Name": "First 2"}, LATER)
    tenant.org.delete("Account", second.id, LATER)
    third = tenant.org.create("Account", {"Name": "Third"}, LATER)
    assert tenant.poll(second.modified_at) == (3, third.modified_at)
    rows = tenant.all("SELECT name, _hc_lastop FROM {s}.account ORDER BY name")
    assert rows == [("First 2", "SYNCED"), ("Third", "SYNCED")]
    assert tenant.states() == []


def test_a_poll_of_an_empty_org_has_no_newest_change(tenant: Tenant) -> None:
    assert tenant.poll() == (0, None)


def test_finished_entries_move_to_the_archive_and_are_deleted_later(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (name) VALUES ('a'), (NULL)")
    tenant.push(NOW)
    tenant.run("INSERT INTO {s}.account (name) VALUES ('waiting')")
    assert trigger_log.archive(tenant.connect, tenant.schema, NOW, 30) == 0
    assert trigger_log.archive(tenant.connect, tenant.schema, LATER, 30) == 2
    archived = tenant.all("SELECT state FROM {s}._trigger_log_archive ORDER BY id")
    assert archived == [("SUCCESS",), ("FAILED",)]
    assert tenant.states() == [("INSERT", "NEW")]
    trigger_log.archive(tenant.connect, tenant.schema, NOW + timedelta(days=30), 30)
    assert len(tenant.all("SELECT FROM {s}._trigger_log_archive")) == 2
    trigger_log.archive(tenant.connect, tenant.schema, LATER + timedelta(days=30), 30)
    assert tenant.all("SELECT FROM {s}._trigger_log_archive") == []
    assert tenant.states() == [("INSERT", "NEW")]


def test_counts_show_rows_backlog_and_failures_with_archived_ones(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (name) VALUES ('a'), (NULL)")
    tenant.push()
    tenant.run("UPDATE {s}.account SET twitter__c = 'b' WHERE name = 'a'")
    counted = Counts(db=2, pending=1, errors=1)
    assert trigger_log.counts(tenant.connect, tenant.schema, "account") == counted
    trigger_log.archive(tenant.connect, tenant.schema, LATER, 30)
    assert trigger_log.counts(tenant.connect, tenant.schema, "account") == counted
    empty = Counts(db=0, pending=0, errors=0)
    assert trigger_log.counts(tenant.connect, tenant.schema, "hcpoc__tweet__c") == empty


def test_write_errors_have_the_shape_of_connects_errors_endpoint(tenant: Tenant) -> None:
    tenant.run("INSERT INTO {s}.account (twitter__c) VALUES ('a')")
    tenant.push(NOW)
    trigger_log.archive(tenant.connect, tenant.schema, LATER, 30)
    tenant.run("INSERT INTO {s}.hcpoc__tweet__c (name) VALUES ('x')")
    tenant.push(LATER)
    tweet, account = trigger_log.write_errors(tenant.connect, tenant.schema, NOW)
    assert tweet["table_name"] == "hcpoc__tweet__c"
    created = datetime.fromisoformat(account.pop("created_at"))
    assert created.tzinfo == UTC
    assert account == {
        "id": "1",
        "table_name": "account",
        "record_id": "1",
        "message": "REQUIRED_FIELD_MISSING: Required fields are missing: [Name]",
    }
    assert trigger_log.write_errors(tenant.connect, tenant.schema, LATER) == [tweet]
    assert len(trigger_log.write_errors(tenant.connect, tenant.schema, NOW, "account")) == 1


class _Moment(datetime):
    """A time that counts how often it is written."""

    written: ClassVar[int] = 0

    def astimezone(self, tz: tzinfo | None = None) -> "_Moment":
        _Moment.written += 1
        return super().astimezone(tz)


def test_a_field_is_read_without_writing_the_times_of_its_record() -> None:
    moment = _Moment(2026, 11, 23, tzinfo=UTC)
    record = Record("001", {"Name": "Acme"}, moment, moment)
    assert [record.get(name) for name in ("Id", "Name", "Phone", "IsDeleted")] == [
        *("001", "Acme", None, False)
    ]
    assert _Moment.written == 0
    assert record.get("CreatedDate") == "2026-11-23T00:00:00Z"
    assert _Moment.written == 1
