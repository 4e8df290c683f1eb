"""An org's records and the rules that refuse a write."""

from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.org.new_org import new_org
from emulator.org.org import Org
from emulator.org.refusals import Refused
from tests.emulator.client import ACME

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def org() -> Org:
    """Acme, with the package in it."""
    return new_org(ACME, "Acme")


def tweet(org: Org, **values: Any) -> dict[str, Any]:
    """Values of a tweet that Salesforce accepts."""
    account = org.create("Account", {"Name": "One"}, NOW)
    return {"Account__c": account.id, "Author_Username__c": "a", "Body__c": "b", **values}


def test_names_are_accepted_in_any_case_and_stored_as_the_org_spells_them(org: Org) -> None:
    record = org.create("account", {"name": "One", "twitter__c": None}, NOW)
    assert record.values == {"Name": "One", "Twitter__c": None}
    assert org.describe("tWEET__c") is not None
    assert (record.get("Id"), record.get("IsDeleted")) == (record.id, False)
    assert record.get("CreatedDate") == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize(
    ("object_name", "values", "code"),
    [
        ("Nope__c", {}, "INVALID_TYPE"),
        ("Account", {}, "REQUIRED_FIELD_MISSING"),
        ("Account", {"Name": ""}, "REQUIRED_FIELD_MISSING"),
        ("Account", {"Name": "x" * 256}, "STRING_TOO_LONG"),
        ("Account", {"Name": "x", "Nope__c": 1}, "INVALID_FIELD"),
        ("Account", {"Name": "x", "Id": "001"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Account", {"Name": "x", "AnnualRevenue": "lots"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("Contact", {"LastName": "x", "HasOptedOutOfEmail": "perhaps"}, None),
        ("Contact", {"LastName": "x", "AccountId": "001000000000000AAA"}, None),
    ],
)
def test_what_salesforce_would_refuse_is_refused(
    org: Org, object_name: str, values: dict[str, Any], code: str | None
) -> None:
    with pytest.raises(Refused) as refused:
        org.create(object_name, values, NOW)
    expected = {
        "HasOptedOutOfEmail": "INVALID_TYPE_ON_FIELD_IN_RECORD",
        "AccountId": "INVALID_CROSS_REFERENCE_KEY",
    }
    assert refused.value.code == (code or expected[list(values)[-1]])
    assert org.query(object_name) == []


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("Likes__c", "3", 3.0),
        ("Likes__c", None, None),
        ("Time__c", "2026-11-23 12:00:01.5", "2026-11-23T12:00:01.500000Z"),
        ("Time__c", "2026-11-23T14:00:00+02:00", "2026-11-23T12:00:00Z"),
        ("Time__c", datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
    ],
)
def test_values_are_stored_by_their_fields_type(
    org: Org, field: str, given: Any, kept: Any
) -> None:
    record = org.create("Tweet__c", tweet(org, **{field: given}), NOW)
    assert record.values[field] == kept


@pytest.mark.parametrize(("given", "kept"), [("t", True), ("false", False), (True, True)])
def test_checkboxes_and_dates_are_read_from_postgres_text(org: Org, given: Any, kept: bool) -> None:
    values = {"LastName": "x", "HasOptedOutOfEmail": given, "Birthdate": "1999-12-31 00:00:00"}
    record = org.create("Contact", values, NOW)
    assert record.values["HasOptedOutOfEmail"] is kept
    assert record.values["Birthdate"] == "1999-12-31"
    assert record.values["Name"] == "x"
    count = org.create("Account", {"Name": "x", "NumberOfEmployees": "7.0"}, NOW)
    assert count.values["NumberOfEmployees"] == 7


def test_a_unique_value_is_free_again_once_its_record_is_gone_or_changed(org: Org) -> None:
    values = tweet(org, Tweet_Id__c="a")
    first = org.create("Tweet__c", values, NOW)
    with pytest.raises(Refused, match=f"DUPLICATE_VALUE.*{first.id}"):
        org.create("Tweet__c", {**values, "Tweet_Id__c": "A"}, NOW)
    org.update("Tweet__c", first.id, {"Tweet_Id__c": "a"}, NOW)
    org.update("Tweet__c", first.id, {"Tweet_Id__c": "other"}, NOW)
    second = org.create("Tweet__c", values, NOW)
    org.delete("Tweet__c", second.id, NOW)
    assert org.create("Tweet__c", values, NOW).values["Name"] == "T-00003"


def test_a_reference_to_a_deleted_record_is_refused(org: Org) -> None:
    values = tweet(org)
    org.delete("Account", values["Account__c"], NOW)
    with pytest.raises(Refused) as refused:
        org.create("Tweet__c", values, NOW)
    assert refused.value.code == "ENTITY_IS_DELETED"


def test_only_live_records_can_be_changed(org: Org) -> None:
    record = org.create("Account", {"Name": "One"}, NOW)
    with pytest.raises(Refused, match="REQUIRED_FIELD_MISSING"):
        org.update("Account", record.id, {"Name": None}, NOW)
    org.delete("Account", record.id, NOW)
    for act in (
        lambda: org.update("Account", record.id, {"Name": "x"}, NOW),
        lambda: org.delete("Account", record.id, NOW),
    ):
        with pytest.raises(Refused, match="ENTITY_IS_DELETED"):
            act()
    with pytest.raises(Refused, match="INVALID_CROSS_REFERENCE_KEY"):
        org.delete("Account", "001000000000000AAA", NOW)


def test_a_query_by_time_misses_no_change_of_the_same_moment(org: Org) -> None:
    first = org.create("Account", {"Name": "One"}, NOW)
    second = org.create("Account", {"Name": "Two"}, NOW)
    assert second.modified_at > first.modified_at
    assert [each.id for each in org.query("Account", first.modified_at)] == [second.id]
    org.delete("Account", first.id, NOW)
    assert [each.id for each in org.query("Account")] == [second.id, first.id]
    assert org.query("Account", second.modified_at)[0].deleted


def test_what_was_read_stays_as_it_was_when_the_org_changes(org: Org) -> None:
    made = org.create("Account", {"Name": "One"}, NOW)
    read = org.query("Account")[0]
    changed = org.update("Account", made.id, {"Name": "Two"}, NOW)
    org.delete("Account", made.id, NOW)
    names = [(each.values["Name"], each.deleted) for each in (made, read, changed)]
    assert names == [("One", False), ("One", False), ("Two", False)]
    assert org.query("Account")[0].deleted
    with pytest.raises(AttributeError):
        read.deleted = True  # type: ignore[misc]
