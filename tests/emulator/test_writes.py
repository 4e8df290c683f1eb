"""What is sent to Salesforce for captured writes; no database is needed."""

import re

import pytest

from emulator.connect.sync import hstore
from emulator.connect.sync.sending import WriteResult, send
from emulator.connect.sync.writes import LogEntry, Write, plan
from emulator.org.objects import Field, SObject
from emulator.org.org import Org
from tests.emulator.samples import ACCOUNT, NOW, acme

INSERT, UPDATE, DELETE = "INSERT", "UPDATE", "DELETE"


Values = dict[str, str | None]


def entry(number: int, action: str, record: int = 1, values: Values | None = None) -> LogEntry:
    return LogEntry(number, action, "account", record, None, hstore.dump(values or {}))


@pytest.mark.parametrize(
    ("entries", "merged"),
    [
        ([(1, INSERT, 1)], [(1, [])]),
        ([(1, INSERT, 1), (2, UPDATE, 1), (3, UPDATE, 1)], [(1, [2, 3])]),
        ([(1, UPDATE, 1), (2, UPDATE, 2), (3, UPDATE, 1)], [(1, [3]), (2, [])]),
        ([(1, INSERT, 1), (2, UPDATE, 1), (3, DELETE, 1)], [(3, [2, 1])]),
        ([(1, DELETE, 1), (2, INSERT, 1), (3, UPDATE, 1)], [(1, []), (2, [3])]),
        ([(1, UPDATE, 1), (2, DELETE, 1), (3, DELETE, 1)], [(2, [1]), (3, [])]),
    ],
)
def test_merged_writes_merge_the_entries_of_one_row(
    entries: list[tuple[int, str, int]], merged: list[tuple[int, list[int]]]
) -> None:
    writes = plan([entry(*each) for each in entries], merged_writes=True)
    assert [(write.entry.id, sorted(write.merged, reverse=True)) for write in writes] == [
        (survivor, sorted(folded, reverse=True)) for survivor, folded in merged
    ]


def test_a_later_value_wins_in_a_merged_write() -> None:
    entries = [
        entry(1, INSERT, values={"name": "a", "twitter__c": "t"}),
        entry(2, UPDATE, values={"name": "b"}),
        entry(3, UPDATE, values={"twitter__c": None}),
    ]
    (write,) = plan(entries, merged_writes=True)
    assert write.values() == {"name": "b", "twitter__c": None}


def test_ordered_writes_merge_nothing() -> None:
    entries = [entry(1, INSERT), entry(2, UPDATE), entry(3, DELETE)]
    writes = plan(entries, merged_writes=False)
    assert [(write.entry.id, write.merged) for write in writes] == [(1, []), (2, []), (3, [])]


def sent(org: Org, action: str, values: Values, sfid: str | None = None) -> WriteResult:
    (write,) = plan([entry(1, action, values=values)], merged_writes=False)
    return send(org, "Account", write, sfid, NOW)


def test_postgres_text_becomes_the_orgs_values() -> None:
    org = acme()
    values: Values = {
        "name": "Acme",
        "customer__c": "t",
        "employees__c": "7",
        "revenue__c": "12.5",
        "founded__c": "1999-12-31",
        "seen__c": "2026-11-23 12:00:01.5",
        "notes__c": None,
        "id": "5",
        "sfid": None,
        "createddate": "2020-01-01 00:00:00",
    }
    outcome = sent(org, INSERT, values)
    (record,) = org.query("Account")
    assert outcome == WriteResult("SUCCESS", record.id)
    assert record.values == {
        "Name": "Acme",
        "Customer__c": True,
        "Employees__c": 7,
        "Revenue__c": 12.5,
        "Founded__c": "1999-12-31",
        "Seen__c": "2026-11-23T12:00:01.500000Z",
    }


def test_an_update_of_system_columns_alone_is_not_sent() -> None:
    org = acme()
    record = org.create("Account", {"Name": "Acme"}, NOW)
    outcome = sent(org, UPDATE, {"systemmodstamp": "2020-01-01", "isdeleted": "t"}, record.id)
    assert outcome == WriteResult("IGNORED", record.id)
    assert org.query("Account") == [record]


def test_an_update_can_empty_a_field() -> None:
    org = acme()
    record = org.create("Account", {"Name": "Acme", "Twitter__c": "acme"}, NOW)
    assert sent(org, UPDATE, {"twitter__c": None}, record.id).state == "SUCCESS"
    assert org.query("Account")[0].values["Twitter__c"] is None


def test_a_delete_of_a_row_that_never_reached_salesforce_is_ignored() -> None:
    assert sent(acme(), DELETE, {}) == WriteResult("IGNORED")


@pytest.mark.parametrize(
    ("action", "values", "message"),
    [
        (INSERT, {"notes__c": "no name"}, "REQUIRED_FIELD_MISSING: .*Name"),
        (INSERT, {"name": "x", "twitter__c": "y" * 16}, "STRING_TOO_LONG: Twitter__c"),
        (INSERT, {"name": "x", "gone__c": "y"}, "INVALID_FIELD: No such column 'gone__c'"),
        (INSERT, {"name": "x", "sfid": "001A"}, "INVALID_FIELD_FOR_INSERT_UPDATE: cannot specify"),
        (INSERT, {"name": "x", "employees__c": "many"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (INSERT, {"name": "x", "a__r__b__c": "1"}, "INVALID_FIELD: No such column 'a__r__b__c'"),
        (UPDATE, {"name": "x"}, "MISSING_ARGUMENT: Id not specified in an update call"),
    ],
)
def test_a_refusal_becomes_the_entrys_message(action: str, values: Values, message: str) -> None:
    outcome = sent(acme(), action, values)
    assert outcome.state == "FAILED"
    assert re.match(message, outcome.message or "")


def test_an_unreadable_entry_fails_alone() -> None:
    write = Write(LogEntry(1, INSERT, "account", 1, None, "name=>x"), ["name=>x"])
    outcome = send(acme(), "Account", write, None, NOW)
    assert outcome.state == "FAILED"
    assert outcome.message == (
        "The trigger log entry cannot be read: not hstore text from character 0 on"
    )


def test_writes_to_a_removed_object_are_refused() -> None:
    write = Write(entry(1, INSERT), ['"name"=>"x"'])
    outcome = send(acme(), "Gone__c", write, None, NOW)
    assert outcome.message == "INVALID_TYPE: sObject type 'Gone__c' is not supported."


MEMBERSHIP = SObject(
    "Membership__c", (Field("Account__c", "reference", reference_to="Account"),), key_prefix="a05"
)


@pytest.fixture
def with_memberships() -> Org:
    org = acme()
    org.set_objects([ACCOUNT, MEMBERSHIP])
    return org


def test_a_parent_is_found_by_its_external_id(with_memberships: Org) -> None:
    parent = with_memberships.create("Account", {"Name": "Acme", "Code__c": "A-1"}, NOW)
    write = Write(entry(1, INSERT), [hstore.dump({"account__r__code__c": "A-1"})])
    assert send(with_memberships, "Membership__c", write, None, NOW).state == "SUCCESS"
    (child,) = with_memberships.query("Membership__c")
    assert child.values == {"Account__c": parent.id}
    write = Write(entry(2, UPDATE), [hstore.dump({"account__r__code__c": None})])
    assert send(with_memberships, "Membership__c", write, child.id, NOW).state == "SUCCESS"
    assert with_memberships.query("Membership__c")[0].values == {"Account__c": None}


def test_an_unknown_parent_is_refused(with_memberships: Org) -> None:
    write = Write(entry(1, INSERT), [hstore.dump({"account__r__code__c": "A-9"})])
    outcome = send(with_memberships, "Membership__c", write, None, NOW)
    assert outcome.message == (
        "INVALID_FIELD: Foreign key external ID: A-9 not found for field Code__c in entity Account"
    )
