"""What differs between two documents, and what the difference costs."""

import copy
from typing import Any

import pytest
from hypothesis import given

from connect.mappings import diff
from connect.mappings.changes import ChangeKind, Cost, cost_text, from_json, rows_read
from tests.connect import fleet as fleets
from tests.connect.mappings.applying import apply
from tests.connect.mappings.strategies import documents

BASE = fleets.document(Account=fleets.config("Phone", indexes={"Phone": {"unique": False}}))


def changed(**settings: Any) -> dict[str, Any]:
    document = copy.deepcopy(BASE)
    document["mappings"][0]["config"].update(settings)
    return document


@given(documents())
def test_a_document_does_not_differ_from_itself(document: dict[str, Any]) -> None:
    assert diff.compare(document, document) == []


@given(documents(), documents())
def test_applying_a_difference_gives_the_other_document(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    changes = diff.compare(left, right)
    assert diff.compare(apply(left, changes), right) == []


@given(documents(), documents())
def test_both_directions_have_the_same_number_of_changes(
    left: dict[str, Any], right: dict[str, Any]
) -> None:
    assert len(diff.compare(left, right)) == len(diff.compare(right, left))


@given(documents(), documents())
def test_changes_survive_being_stored(left: dict[str, Any], right: dict[str, Any]) -> None:
    found = diff.compare(left, right)
    assert from_json(change.as_json() for change in found) == found


@pytest.mark.parametrize(
    ("right", "kind", "name", "cost"),
    [
        (fleets.document(), ChangeKind.OBJECT_REMOVED, "", Cost.DELETE),
        (changed(fields={"Id": {}}), ChangeKind.FIELD_REMOVED, "CreatedDate", Cost.DROP_COLUMN),
        (changed(access="read_write"), ChangeKind.SETTING, "access", Cost.ALTER),
        (changed(upsert_field="Key__c"), ChangeKind.SETTING, "upsert_field", Cost.RELOAD),
        (changed(sf_polling_seconds=700), ChangeKind.SETTING, "sf_polling_seconds", Cost.NONE),
        (changed(indexes={"Phone": {"unique": True}}), ChangeKind.INDEX, "Phone", Cost.ALTER),
        (changed(indexes={}), ChangeKind.INDEX, "Phone", Cost.ALTER),
    ],
)
def test_each_kind_of_change_has_its_cost(
    right: dict[str, Any], kind: ChangeKind, name: str, cost: Cost
) -> None:
    first = diff.compare(BASE, right)[0]
    assert (first.kind, first.name, first.cost) == (kind, name, cost)


def test_what_is_added_is_loaded_and_a_new_column_read_again() -> None:
    right = fleets.document(Account=fleets.config("Phone", "Fax"), Lead=fleets.config())
    found = diff.compare(BASE, right)
    rows = {"account": 1200, "lead": None}
    assert rows_read(found, rows) == 1200
    costs = {change.kind: cost_text(change, rows) for change in found}
    assert costs[ChangeKind.FIELD_ADDED] == "A new column is filled by reading 1,200 rows again."
    assert "an unknown number of rows" in costs[ChangeKind.OBJECT_ADDED]


def test_case_defaults_and_the_indexes_of_every_table_are_no_difference() -> None:
    plain = fleets.document(Account=fleets.config("Phone"))
    spelled = fleets.document(
        ACCOUNT=fleets.config(
            "PHONE",
            sf_notify_enabled=False,
            sf_max_daily_api_calls=30_000,
            revision=7,
            indexes={"Id": {"unique": True}, "SystemModstamp": {"unique": False}},
        )
    )
    assert diff.compare(plain, spelled) == []
