"""What differs between two documents, and what the difference costs."""

import copy
from typing import Any

import pytest
from hypothesis import given

from connect.mappings import diff
from connect.mappings.diff import Cost, Kind
from tests.connect import fleet as fleets
from tests.connect.mappings.documents import documents

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
    assert diff.compare(diff.apply(left, changes), right) == []


@given(documents(), documents())
def test_there_and_back_are_as_many_changes(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert len(diff.compare(left, right)) == len(diff.compare(right, left))


@given(documents(), documents())
def test_changes_survive_being_stored(left: dict[str, Any], right: dict[str, Any]) -> None:
    changes = diff.compare(left, right)
    assert diff.from_json(change.as_json() for change in changes) == changes


@pytest.mark.parametrize(
    ("right", "kind", "name", "cost"),
    [
        (fleets.document(), Kind.OBJECT_REMOVED, "", Cost.DELETE),
        (changed(fields={"Id": {}}), Kind.FIELD_REMOVED, "CreatedDate", Cost.DROP_COLUMN),
        (changed(access="read_write"), Kind.SETTING, "access", Cost.ALTER),
        (changed(upsert_field="Key__c"), Kind.SETTING, "upsert_field", Cost.RELOAD),
        (changed(sf_polling_seconds=700), Kind.SETTING, "sf_polling_seconds", Cost.NONE),
        (changed(indexes={"Phone": {"unique": True}}), Kind.INDEX, "Phone", Cost.ALTER),
        (changed(indexes={}), Kind.INDEX, "Phone", Cost.ALTER),
    ],
)
def test_each_kind_of_change_has_its_cost(
    right: dict[str, Any], kind: Kind, name: str, cost: Cost
) -> None:
    first = diff.compare(BASE, right)[0]
    assert (first.kind, first.name, first.cost) == (kind, name, cost)


def test_what_is_added_is_loaded_and_a_new_column_read_again() -> None:
    right = fleets.document(Account=fleets.config("Phone", "Fax"), Lead=fleets.config())
    changes = diff.compare(BASE, right)
    rows = {"account": 1200, "lead": None}
    assert diff.rows_read(changes, rows) == 1200
    told = {change.kind: diff.cost_in_words(change, rows) for change in changes}
    assert told[Kind.FIELD_ADDED] == "A new column, filled by reading 1,200 rows again."
    assert "an unknown number of rows" in told[Kind.OBJECT_ADDED]


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
