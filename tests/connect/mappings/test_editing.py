"""Editing one object of a version by the fields that an org has."""

from typing import Any

import pytest

from connect.clients.org_objects import FieldFacts, object_of
from connect.mappings import editing
from connect.mappings.editing import Answers
from tests.connect import fleet as fleets

ACCOUNT = object_of(
    "Account",
    [
        FieldFacts("Id", "Account ID", "id", 18, createable=False, updateable=False),
        FieldFacts("Name", "Account Name", "string", 255, required=True),
        FieldFacts("acme__Key__c", "Key", "string", 20, external_id=True),
        FieldFacts("acme__Sum__c", "Sum", "double", calculated=True),
        FieldFacts("OwnerId", "Owner", "reference", references=("User",), relationship="Owner"),
        FieldFacts("Region__c", "Region", "string", 40),
        FieldFacts("BillingAddress", "Address", "address"),
    ],
)
VERSION: dict[str, Any] = fleets.document(
    Account={
        "access": "read_only",
        "sf_polling_seconds": 600,
        "fields": {"Id": {}, "{ns}Key__c": {}, "Owner__Key__c": {}, "Gone__c": {}},
        "indexes": {"Id": {"unique": True}},
    },
    Contact=fleets.config(),
)


def rows(namespace: str = "acme") -> dict[str, editing.FieldChoice]:
    config = VERSION["mappings"][0]["config"]
    return {each.name: each for each in editing.choices(config, ACCOUNT, namespace)}


def test_every_field_is_offered_the_mapped_ones_first() -> None:
    assert list(rows())[:4] == ["acme__Key__c", "Gone__c", "Id", "Owner__Key__c"]
    assert [name for name, each in rows().items() if each.mapped] == list(rows())[:4]


@pytest.mark.parametrize(
    ("name", "kind", "refusal", "remarks"),
    [
        ("Name", "string (255)", "", ("required",)),
        ("acme__Key__c", "string (20)", "", ("external id",)),
        ("acme__Sum__c", "double", "", ("formula: changes without its record",)),
        ("Id", "id (18)", "", ("cannot be written",)),
        ("OwnerId", "reference to User", "", ()),
        ("BillingAddress", "address", "a compound field, which Heroku Connect cannot map", ()),
        ("Owner__Key__c", "a parent's external id", "", ()),
        ("Gone__c", "", "this org does not have it", ()),
    ],
)
def test_a_field_shows_its_type_and_why_it_cannot_be_mapped(
    name: str, kind: str, refusal: str, remarks: tuple[str, ...]
) -> None:
    row = rows()[name]
    assert (row.type, row.refusal, row.remarks) == (kind, refusal, remarks)


def test_answers_change_one_object_and_keep_the_placeholders() -> None:
    answers = Answers(
        access="read_write",
        polling=300,
        identifier="acme__Key__c",
        fields=["Id", "acme__Key__c", "acme__Sum__c", "Region__c"],
        indexes=["Id", "acme__Key__c", "Region__c"],
    )
    account, contact = editing.edited(VERSION, ACCOUNT, answers, "acme")["mappings"]
    assert account["config"] == {
        "access": "read_write",
        "sf_polling_seconds": 300,
        "fields": {"Id": {}, "{ns}Key__c": {}, "{ns}Sum__c": {}, "Region__c": {}},
        "indexes": {
            "Id": {"unique": True},
            "{ns}Key__c": {"unique": True},
            "Region__c": {"unique": False},
        },
        "upsert_field": "{ns}Key__c",
    }
    assert contact == VERSION["mappings"][1]


def test_a_version_keeps_its_placeholders_also_by_an_org_without_a_namespace() -> None:
    plain = object_of("Account", [FieldFacts("Id"), FieldFacts("Key__c", external_id=True)])
    answers = Answers("read_only", 600, "Key__c", ["Id", "Key__c"], ["Key__c"])
    config = editing.edited(VERSION, plain, answers, "")["mappings"][0]["config"]
    assert list(config["fields"]) == ["Id", "{ns}Key__c"]
    assert config["upsert_field"] == "{ns}Key__c"


def test_an_object_is_added_with_its_system_fields_and_taken_out_again() -> None:
    post = object_of("acme__Post__c", [FieldFacts("Id"), FieldFacts("SystemModstamp")])
    more = editing.with_object(VERSION, post, "acme")
    added = more["mappings"][-1]
    assert added["object_name"] == "{ns}Post__c"
    assert list(added["config"]["fields"]) == ["Id", "SystemModstamp"]
    assert editing.with_object(more, post, "acme") is more
    assert editing.without_object(more, "acme__post__c", "acme") == VERSION
