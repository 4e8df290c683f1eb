"""What a describe says of a field, in both spellings, and what it leaves open."""

from typing import Any

import pytest

from connect.clients.org_objects import FieldFacts, field_from_json, read_object
from tenants.http.json_object import JsonObject


def read(**given: Any) -> FieldFacts:
    document = JsonObject({"name": "Account", "fields": [given]}, lambda name: ValueError(name))
    (found,) = read_object(document, "account").fields.values()
    return found


def test_both_spellings_mean_the_same() -> None:
    ours = read(
        name="OwnerId",
        type="reference",
        external_id=False,
        reference_to=["User", "Group"],
        relationship_name="Owner",
        compound_field_name="",
    )
    theirs = read(
        name="OwnerId",
        type="reference",
        externalId=False,
        referenceTo=["User", "Group"],
        relationshipName="Owner",
        compoundFieldName=None,
    )
    assert ours == theirs
    assert (ours.references, ours.relationship) == (("User", "Group"), "Owner")


def test_what_the_answer_does_not_say_is_unknown() -> None:
    bare = read(name="Key__c")
    assert (bare.type, bare.length, bare.external_id, bare.createable) == ("", None, None, None)
    assert (bare.required, bare.writable) == (False, True)


@pytest.mark.parametrize(
    ("given", "required"),
    [
        ({"required": True}, True),
        ({"required": True, "createable": False}, False),
        ({"nillable": False}, True),
        ({"nillable": False, "defaultedOnCreate": True}, False),
        ({"nillable": False, "createable": False}, False),
        ({"nillable": True, "required": True}, False),
        ({}, False),
    ],
)
def test_a_field_is_required_if_no_record_is_created_without_it(
    given: dict[str, bool], required: bool
) -> None:
    assert read(name="Name", **given).required is required


@pytest.mark.parametrize(
    ("name", "relationship"),
    [("AccountId", "Account"), ("acme__Parent__c", "acme__Parent__r"), ("Id", "")],
)
def test_a_lookup_without_the_name_of_its_relationship_has_salesforces(
    name: str, relationship: str
) -> None:
    assert read(name=name, type="reference").relationship == relationship
    assert read(name=name, type="string").relationship == ""


def test_a_field_survives_being_stored() -> None:
    field = read(name="OwnerId", type="reference", referenceTo=["User", "Group"], createable=False)
    assert field_from_json(field.as_json()) == field


def test_a_field_without_a_name_is_the_peers_error() -> None:
    with pytest.raises(ValueError, match=r"fields.name"):
        read(type="string")
