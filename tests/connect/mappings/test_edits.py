"""What an edit of one mapping makes of its configuration."""

from typing import Any

import pytest
from hypothesis import given

from connect.mappings import edits, lint
from tests.connect.mappings.strategies import FIELDS, configs

BEFORE: dict[str, Any] = {
    "access": "read_write",
    "sf_polling_seconds": 600,
    "applied_at": "2026-11-26T16:00:00Z",
    "fields": {"Id": {}, "Key__c": {}, "Region__c": {}},
    "indexes": {"Id": {"unique": True}, "Region__c": {"unique": False}},
    "upsert_field": "Key__c",
}


@pytest.mark.parametrize(
    ("fields", "identifier", "indexes", "kept", "text"),
    [
        ("Id Key__c Region__c", "Key__c", "Id Region__c", "Key__c", ""),
        ("Id Key__c", "Key__c", "Id", "Key__c", "the index on Region__c"),
        ("Id Region__c", "Key__c", "Id Region__c", None, "the unique identifier Key__c"),
        ("Id", "Key__c", "Id", None, "the index on Region__c, the unique identifier Key__c"),
        # Names are case-insensitive.
        ("Id KEY__c REGION__C", "key__c", "Id Region__c", "key__c", ""),
        # Taken out of the form while its field stays: nothing went along.
        ("Id Key__c Region__c", None, "Id Region__c", None, ""),
        # Another one, for the linter to judge.
        ("Id Region__c", "Nope__c", "Id Region__c", "Nope__c", ""),
        ("Id Key__c Region__c New__c", "New__c", "Id Region__c", "New__c", ""),
    ],
)
def test_a_field_that_goes_takes_its_index_and_identifier_along(
    fields: str, identifier: str | None, indexes: str, kept: str | None, text: str
) -> None:
    wanted: dict[str, Any] = {
        "fields": {name: {} for name in fields.split()},
        "upsert_field": identifier,
    }
    after = edits.edited(BEFORE, wanted)
    assert list(after["indexes"]) == indexes.split()
    assert after.get("upsert_field") == kept
    assert edits.gone_along(BEFORE, after) == (f" Gone with their fields: {text}." if text else "")
    assert (after["access"], "applied_at" in after) == ("read_write", False)


@given(configs(), FIELDS)
def test_taking_a_field_out_never_leaves_what_heroku_connect_refuses(
    config: dict[str, Any], gone: str
) -> None:
    fields: dict[str, Any] = {name: {} for name in config["fields"] if name != gone}
    after = edits.edited(config, {**config, "fields": fields})
    document = {"mappings": [{"object_name": "Account", "config": after}]}
    rules = {found.rule for found in lint.check(document, "herokuconnect:demo")}
    assert not rules & {"index-not-mapped", "identifier-not-mapped"}
