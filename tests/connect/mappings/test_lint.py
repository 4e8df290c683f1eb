import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from connect.clients.org_objects import FieldFacts, object_of
from connect.mappings import lint
from tests.connect.mappings.strategies import documents, nonsense

GOOD: dict[str, Any] = {
    "mappings": [
        {
            "object_name": "Account",
            "config": {
                "access": "read_write",
                "sf_polling_seconds": 600,
                "fields": {
                    "Id": {},
                    "CreatedDate": {},
                    "SystemModstamp": {},
                    "IsDeleted": {},
                    "ns__Key__c": {},
                },
                "indexes": {},
                "upsert_field": "ns__key__c",
            },
        }
    ]
}
KEY: dict[str, Any] = {"ns__Key__c": {}}
Fault = Callable[[dict[str, Any], dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [
        ("no-mappings", lambda document, config: document.update(mappings=[])),
        ("no-mappings", lambda document, config: document.update(mappings="Account")),
        ("too-many", lambda document, config: document.update(mappings=_numbered(document, 101))),
        ("not-a-mapping", lambda document, config: document["mappings"].append("Contact")),
        ("not-a-mapping", lambda document, config: document["mappings"][0].pop("config")),
        ("twice", lambda document, config: document.update(mappings=document["mappings"] * 2)),
        ("access", lambda document, config: config.update(access="write")),
        ("no-fields", lambda document, config: config.pop("fields")),
        ("system-field", lambda document, config: config["fields"].pop("Id")),
        ("system-field", lambda document, config: config.update(fields={"Id": {}, **KEY})),
        ("polling", lambda document, config: config.update(sf_polling_seconds=120)),
        ("polling", lambda document, config: config.update(sf_polling_seconds=3601)),
        ("polling", lambda document, config: config.update(sf_polling_seconds="600")),
        ("polling", lambda document, config: config.update(sf_polling_seconds=True)),
        ("no-fields", lambda document, config: config.update(fields={})),
        ("no-fields", lambda document, config: config.update(fields=["Id"])),
        ("twice", lambda document, config: config["fields"].update(id={})),
        ("unsupported-object", lambda document, config: _rename(document, "FAQ__kav")),
        ("unsupported-object", lambda document, config: _rename(document, "Big__b")),
        ("unsupported-object", lambda document, config: _rename(document, "Order_Event__e")),
        ("limited-object", lambda document, config: _rename(document, "LeadHistory")),
        ("long-name", lambda document, config: config["fields"].update({"F" * 64: {}})),
        (
            "no-indexes",
            lambda document, config: config["fields"].update(Parent__c={}, Parent__r__Key__c={}),
        ),
        (
            "no-indexes",
            lambda document, config: config["fields"].update(OwnerId={}, Owner__Key__c={}),
        ),
        ("twice", lambda document, config: document["mappings"].append(_account("ACCOUNT"))),
        ("name", lambda document, config: config["fields"].update({"Robert'); DROP": {}})),
        ("name", lambda document, config: document["mappings"].append(_account("{ns}Order"))),
        ("indexes", lambda document, config: config.update(indexes=[])),
        ("no-identifier", lambda document, config: config.pop("upsert_field")),
        ("identifier-not-mapped", lambda document, config: config["fields"].pop("ns__Key__c")),
        ("index-not-mapped", lambda document, config: config["indexes"].update({"Gone__c": {}})),
        (
            "too-many-fields",
            lambda document, config: config["fields"].update({f"F{n}__c": {} for n in range(5000)}),
        ),
        (
            "no-indexes",
            lambda document, config: (
                config.pop("indexes"),
                config["fields"].update({"Parent__r__Key__c": {}}),
            ),
        ),
    ],
)
def test_each_fault_is_found_under_its_rule(rule: str, spoil: Fault) -> None:
    document = copy.deepcopy(GOOD)
    spoil(document, document["mappings"][0]["config"])
    assert {finding.rule for finding in lint.check(document, "herokuconnect:demo")} == {rule}


def test_a_paid_plan_may_poll_every_two_minutes() -> None:
    document = copy.deepcopy(GOOD)
    document["mappings"][0]["config"]["sf_polling_seconds"] = 120
    assert lint.check(document, "herokuconnect:enterprise") == []
    assert lint.check(document, "herokuconnect:demo") != []


def test_one_timestamp_is_enough_and_no_other_system_field_is_needed() -> None:
    document = copy.deepcopy(GOOD)
    for stamp in ("SystemModstamp", "LastModifiedDate", "CreatedDate"):
        document["mappings"][0]["config"]["fields"] = {"ID": {}, stamp.upper(): {}, **KEY}
        assert lint.check(document, "herokuconnect:demo") == []


def test_what_some_plans_refuse_is_a_warning_that_names_them() -> None:
    document = copy.deepcopy(GOOD)
    document["mappings"][0]["config"]["sf_polling_seconds"] = 300
    plans = ["herokuconnect:demo", "herokuconnect:enterprise"]
    (found,) = lint.check_plans(document, plans)
    assert (found.rule, found.severity) == ("polling", lint.Severity.WARNING)
    assert "the floor of the plan demo is 600. Tenants on other plans than demo" in found.text
    assert lint.errors(lint.check_plans(document, plans[:1]))
    document["mappings"][0]["config"]["sf_polling_seconds"] = 60
    assert lint.errors(lint.check_plans(document, plans))


SYSTEM = ("Id", "CreatedDate", "SystemModstamp", "IsDeleted", "Name")
ACCOUNT = object_of(
    "Account",
    [
        *(FieldFacts(each, "", "string", createable=False, updateable=False) for each in SYSTEM),
        FieldFacts("ns__Key__c", external_id=True),
        FieldFacts(
            "hcmc__Parent__c",
            type="reference",
            references=("Parent__c",),
            relationship="hcmc__Parent__r",
        ),
        FieldFacts("OwnerId", references=("User", "Group"), relationship="Owner"),
        FieldFacts("Code__c", required=True, external_id=False),
        FieldFacts("Address", type="address"),
        FieldFacts("Photo__c", type="base64"),
        FieldFacts("Sum__c", calculated=True, createable=False, updateable=False),
    ],
)
ORG = lint.OrgFacts("hcmc", {"account": ACCOUNT})
ASKED = lint.OrgFacts(
    "hcmc",
    {
        "account": ACCOUNT,
        "parent__c": object_of(
            "Parent__c",
            [FieldFacts("hcmc__Key__c", external_id=True), FieldFacts("Name", external_id=False)],
        ),
        "user": object_of("User", [FieldFacts("Key__c", external_id=True)]),
        "group": object_of("Group", []),
    },
)


@pytest.mark.parametrize(
    ("field", "rules"),
    [
        ("IsDeleted", set()),
        ("Name", {"not-writable"}),
        ("Nonsense", {"unknown-field"}),
        ("hcmc__Twitter__c", {"unknown-field"}),
        ("Twitter__c", {"unknown-field", "namespace"}),
        ("Parent__r__hcmc__Key__c", {"namespace", "unknown-relationship"}),
        ("hcmc__Parent__r__Key__c", {"namespace", "unknown-key"}),
        ("hcmc__Parent__r__hcmc__Key__c", set()),
        ("hcmc__Parent__r__Name", {"key-not-external"}),
        ("Owner__Key__c", {"polymorphic"}),
        ("Owner__Nope", {"polymorphic", "unknown-key"}),
        ("Address", {"field-type"}),
        ("Photo__c", {"field-type"}),
        ("Sum__c", {"formula"}),
    ],
)
def test_a_field_is_held_against_what_the_org_has(field: str, rules: set[str]) -> None:
    document = copy.deepcopy(GOOD)
    config = document["mappings"][0]["config"]
    config["fields"] |= {field: {}, "hcmc__Parent__c": {}, "OwnerId": {}, "Code__c": {}}
    config["indexes"] = {"hcmc__Parent__c": {"unique": False}, "OwnerId": {"unique": False}}
    assert {found.rule for found in lint.check(document, "herokuconnect:demo", ASKED)} == rules


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (
            lambda config: config["fields"].pop("Code__c"),
            ("required-not-mapped", "Account.Code__c"),
        ),
        (
            lambda config: config.update(upsert_field="code__c"),
            ("identifier-not-external", "Account.Code__c"),
        ),
        (lambda config: config["fields"].pop("SystemModstamp"), ("timestamp", "Account")),
    ],
)
def test_a_mapping_is_held_against_what_the_org_asks_of_it(
    spoil: Callable[[dict[str, Any]], Any], place: tuple[str, str]
) -> None:
    document = copy.deepcopy(GOOD)
    config = document["mappings"][0]["config"]
    config["fields"]["Code__c"] = {}
    assert lint.check(document, "herokuconnect:demo", ASKED) == []
    spoil(config)
    found = lint.check(document, "herokuconnect:demo", ASKED)
    assert [(each.rule, each.where) for each in found] == [place]


def test_only_the_timestamps_that_the_object_has_are_needed() -> None:
    document = copy.deepcopy(GOOD)
    config = document["mappings"][0]["config"]
    config.update(access="read_only", fields={"Id": {}, "LastModifiedDate": {}}, upsert_field="")
    share = object_of("Account", [FieldFacts("Id"), FieldFacts("LastModifiedDate")])
    org = lint.OrgFacts(objects={"account": share})
    assert lint.check(document, "herokuconnect:demo", org) == []
    del config["fields"]["LastModifiedDate"]
    (found,) = lint.check(document, "herokuconnect:demo", org)
    assert found.text == "One of LastModifiedDate must be among the fields."
    without = lint.OrgFacts(objects={"account": object_of("Account", [FieldFacts("Id")])})
    assert lint.check(document, "herokuconnect:demo", without) == []


def test_what_a_describe_leaves_open_is_not_judged() -> None:
    names = [FieldFacts(each) for each in ("Id", "SystemModstamp", "ns__Key__c", "Address")]
    document = copy.deepcopy(GOOD)
    document["mappings"][0]["config"]["fields"] = {each.name: {} for each in names}
    org = lint.OrgFacts(objects={"account": object_of("Account", names)})
    assert lint.check(document, "herokuconnect:demo", org) == []


def test_a_finding_says_what_happens_and_what_to_do() -> None:
    document = copy.deepcopy(GOOD)
    document["mappings"][0]["config"]["fields"] |= {"Nope": {}, "Code__c": {}}
    (found,) = lint.check(document, "herokuconnect:demo", ORG)
    assert found.as_json() == {
        "rule": "unknown-field",
        "where": "Account.Nope",
        "object": "Account",
        "field": "Nope",
        "text": "The org does not have this field.",
        "consequence": "The mapping ends in BAD_CONFIG, and its object is not synchronized.",
        "advice": "Check the name, the package's version, and the field's visibility; "
        "or take it out.",
        "severity": "error",
    }


def test_an_object_that_the_org_lacks_is_an_error() -> None:
    org = lint.OrgFacts(objects={"account": None})
    (found,) = lint.check(GOOD, "herokuconnect:demo", org)
    assert (found.rule, found.severity) == ("unknown-object", lint.Severity.ERROR)


@pytest.mark.parametrize(
    ("plan", "rows", "rules"),
    [("demo", 10_000, []), ("demo", 10_001, ["rows"]), ("enterprise", 10**9, [])],
)
def test_more_rows_than_the_plan_holds_are_a_warning(
    plan: str, rows: int, rules: list[str]
) -> None:
    org = lint.OrgFacts(rows={"account": rows, "contact": 10**9})
    found = lint.check(GOOD, f"herokuconnect:{plan}", org)
    assert [each.rule for each in found] == rules
    assert lint.errors(found) == []


def test_errors_and_warnings_are_separated() -> None:
    document = copy.deepcopy(GOOD)
    document["mappings"][0]["config"].update(access="read_write", upsert_field="")
    document["mappings"][0]["config"]["fields"].pop("Id")
    found = lint.check(document, "herokuconnect:demo")
    assert [each.rule for each in lint.errors(found)] == ["system-field"]
    assert [each.rule for each in lint.warnings(found)] == ["no-identifier"]


@given(nonsense())
def test_the_linter_returns_findings_for_any_document(document: dict[str, Any]) -> None:
    assert lint.check(document, "herokuconnect:demo", ORG)


@given(documents())
def test_what_is_found_names_a_rule_a_place_and_a_sentence(document: dict[str, Any]) -> None:
    for found in lint.check(document, "herokuconnect:demo", ORG):
        assert found.rule
        assert found.where
        assert found.text.endswith(".")


def test_a_finding_reads_as_a_sentence_with_place_and_rule() -> None:
    finding = lint.Finding("access", "Account", "access must be one of read_only, read_write.")
    assert str(finding) == "Account: access must be one of read_only, read_write. [access]"


def _rename(document: dict[str, Any], name: str) -> None:
    document["mappings"][0]["object_name"] = name


def _account(name: str) -> dict[str, Any]:
    return {**copy.deepcopy(GOOD["mappings"][0]), "object_name": name}


def _numbered(document: dict[str, Any], count: int) -> list[dict[str, Any]]:
    return [{**document["mappings"][0], "object_name": f"Object{n}__c"} for n in range(count)]
