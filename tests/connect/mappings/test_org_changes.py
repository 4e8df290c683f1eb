"""What has changed in an org, what that means for its mappings, and the correction of it."""

from typing import Any

import pytest

from connect.clients.org_objects import FieldFacts, ObjectFacts, object_of
from connect.mappings import corrections, org_changes
from connect.mappings.org_changes import OrgChange, OrgChangeKind
from tests.connect import fleet as fleets

WAS = (
    FieldFacts("Id", type="id"),
    FieldFacts("SystemModstamp", type="datetime"),
    FieldFacts("Name", type="string", length=80, required=True),
    FieldFacts("acme__Region__c", type="string", length=40, external_id=False),
    FieldFacts("acme__Key__c", type="string", length=20, external_id=True),
    FieldFacts("Code__c", type="string", length=10),
)
LIVE: dict[str, Any] = fleets.document(
    Account={
        "access": "read_write",
        "sf_polling_seconds": 600,
        "fields": {"Id": {}, "SystemModstamp": {}, "acme__Region__c": {}, "acme__Key__c": {}},
        "indexes": {"acme__Region__c": {"unique": False}, "acme__Key__c": {"unique": True}},
        "upsert_field": "acme__Key__c",
    }
)
BEFORE = org_changes.stored({"account": object_of("Account", WAS)})
KINDS = OrgChangeKind


def now(*added: FieldFacts, without: str = "") -> dict[str, ObjectFacts | None]:
    kept = [each for each in WAS if each.name not in (without, *(more.name for more in added))]
    return {"account": object_of("Account", [*kept, *added])}


def find(described: dict[str, ObjectFacts | None]) -> list[tuple[OrgChangeKind, str, str]]:
    found = org_changes.find(LIVE, BEFORE, described, "acme")
    assert org_changes.from_json([each.as_json() for each in found]) == found
    assert all(str(each).endswith(".") and each.advice for each in found)
    return [(each.kind, each.field, each.after) for each in found]


REGION = "acme__Region__c"


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (now(), []),
        ({"account": None}, [(KINDS.OBJECT_GONE, "", "")]),
        ({}, []),
        (now(without=REGION), [(KINDS.FIELD_GONE, REGION, "")]),
        # One new field of the same type and length: it may be the new name.
        (
            now(FieldFacts("Area__c", type="string", length=40, external_id=False), without=REGION),
            [(KINDS.RENAMED, REGION, "Area__c")],
        ),
        (
            now(FieldFacts("Area__c", type="double", length=40, external_id=False), without=REGION),
            [(KINDS.FIELD_GONE, REGION, "")],
        ),
        (
            now(FieldFacts(REGION, type="picklist", length=40)),
            [(KINDS.RETYPED, REGION, "picklist(40)")],
        ),
        (
            now(FieldFacts(REGION, type="string", length=20)),
            [(KINDS.RETYPED, REGION, "string(20)")],
        ),
        # Heroku Connect widens a column by itself.
        (now(FieldFacts(REGION, type="string", length=255)), []),
        (
            now(FieldFacts("Code__c", type="string", length=10, required=True)),
            [(KINDS.REQUIRED, "Code__c", "string(10)")],
        ),
        (
            now(FieldFacts("New__c", type="date", required=True)),
            [(KINDS.REQUIRED, "New__c", "date")],
        ),
        (
            now(FieldFacts("acme__New__c", type="date"), FieldFacts("Other__c", type="date")),
            [(KINDS.NEW, "acme__New__c", "date")],
        ),
        (
            now(FieldFacts("Uuid__c", type="string", external_id=True)),
            [(KINDS.NEW, "Uuid__c", "string")],
        ),
    ],
)
def test_what_has_changed_is_found(
    described: dict[str, ObjectFacts | None], expected: list[tuple[OrgChangeKind, str, str]]
) -> None:
    assert find(described) == expected


def test_what_was_never_described_cannot_have_changed_but_can_be_gone() -> None:
    found = org_changes.find(LIVE, {}, now(FieldFacts("acme__X__c"), without=REGION), "acme")
    assert [each.kind for each in found] == [KINDS.FIELD_GONE]


def test_a_read_only_mapping_needs_no_required_field() -> None:
    config = {**LIVE["mappings"][0]["config"], "access": "read_only"}
    described = now(FieldFacts("New__c", type="date", required=True))
    found = org_changes.find(fleets.document(Account=config), BEFORE, described, "")
    assert found == []


VERSION: dict[str, Any] = fleets.document(
    Account={
        "access": "read_write",
        "sf_polling_seconds": 600,
        "fields": {"Id": {}, "SystemModstamp": {}, "{ns}Region__c": {}, "{ns}Key__c": {}},
        "indexes": {"{ns}Region__c": {"unique": False}, "{ns}Key__c": {"unique": True}},
        "upsert_field": "{ns}Key__c",
    },
    Contact=fleets.config(),
)


def change(kind: OrgChangeKind, field: str = "", after: str = "") -> OrgChange:
    return OrgChange(kind, "Account", field, "", after)


@pytest.mark.parametrize(
    ("found", "fields", "indexes", "identifier"),
    [
        (change(KINDS.FIELD_GONE, REGION), ["{ns}Key__c"], ["{ns}Key__c"], "{ns}Key__c"),
        # The first half: added again, it gets its new type.
        (change(KINDS.RETYPED, REGION), ["{ns}Key__c"], ["{ns}Key__c"], "{ns}Key__c"),
        (change(KINDS.FIELD_GONE, "acme__Key__c"), ["{ns}Region__c"], ["{ns}Region__c"], None),
        (
            change(KINDS.RENAMED, "acme__Key__c", "acme__Code__c"),
            ["{ns}Region__c", "{ns}Code__c"],
            ["{ns}Region__c", "{ns}Code__c"],
            "{ns}Code__c",
        ),
        (
            change(KINDS.REQUIRED, "Code__c"),
            ["{ns}Region__c", "{ns}Key__c", "Code__c"],
            ["{ns}Region__c", "{ns}Key__c"],
            "{ns}Key__c",
        ),
    ],
)
def test_a_corrected_version_follows_the_org_and_keeps_its_placeholders(
    found: OrgChange, fields: list[str], indexes: list[str], identifier: str | None
) -> None:
    account, contact = corrections.corrected(VERSION, [found], "acme")["mappings"]
    assert list(account["config"]["fields"])[2:] == fields
    assert list(account["config"]["indexes"]) == indexes
    assert account["config"].get("upsert_field") == identifier
    assert contact == VERSION["mappings"][1]


def test_an_object_that_is_gone_is_left_out_and_a_new_field_changes_nothing() -> None:
    after = corrections.corrected(VERSION, [change(KINDS.OBJECT_GONE)], "acme")
    assert [each["object_name"] for each in after["mappings"]] == ["Contact"]
    new = change(KINDS.NEW, "acme__New__c")
    assert corrections.corrected(VERSION, [new], "acme") == VERSION


def test_a_change_remains_until_the_live_mappings_have_followed_it() -> None:
    gone, required = change(KINDS.FIELD_GONE, REGION), change(KINDS.REQUIRED, "Code__c")
    assert org_changes.remaining([gone, required], LIVE) == [gone, required]
    after = corrections.corrected(LIVE, [gone, required])
    assert org_changes.remaining([gone, required], after) == []
    assert org_changes.remaining([change(KINDS.OBJECT_GONE)], {"mappings": []}) == []
