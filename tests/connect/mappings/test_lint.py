import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

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
        ("system-field", lambda document, config: config["fields"].pop("SystemModstamp")),
        ("polling", lambda document, config: config.update(sf_polling_seconds=120)),
        ("polling", lambda document, config: config.update(sf_polling_seconds=3601)),
        ("polling", lambda document, config: config.update(sf_polling_seconds="600")),
        ("polling", lambda document, config: config.update(sf_polling_seconds=True)),
        ("no-fields", lambda document, config: config.update(fields={})),
        ("no-fields", lambda document, config: config.update(fields=["Id"])),
        ("twice", lambda document, config: config["fields"].update(id={})),
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


def test_users_and_record_types_have_no_isdeleted() -> None:
    document = copy.deepcopy(GOOD)
    document["mappings"][0]["object_name"] = "User"
    del document["mappings"][0]["config"]["fields"]["IsDeleted"]
    assert lint.check(document, "herokuconnect:demo") == []


ORG = lint.OrgFacts(
    namespace="hcmc",
    fields={
        "account": frozenset(
            {"id", "createddate", "systemmodstamp", "isdeleted", "name", "ns__key__c"}
        )
    },
)


@pytest.mark.parametrize(
    ("field", "rules"),
    [
        ("Name", set()),
        ("Nonsense", {"unknown-field"}),
        ("hcmc__Twitter__c", {"unknown-field"}),
        ("Twitter__c", {"unknown-field", "namespace"}),
        ("Parent__r__hcmc__Key__c", {"namespace"}),
        ("hcmc__Parent__r__Key__c", {"namespace"}),
        ("hcmc__Parent__r__hcmc__Key__c", set()),
        ("hcmc__Parent__r__Name", set()),
    ],
)
def test_a_field_is_held_against_what_the_org_has(field: str, rules: set[str]) -> None:
    document = copy.deepcopy(GOOD)
    document["mappings"][0]["config"]["fields"][field] = {}
    assert {found.rule for found in lint.check(document, "herokuconnect:demo", ORG)} == rules


def test_an_object_that_the_org_lacks_is_an_error() -> None:
    org = lint.OrgFacts(fields={"account": None})
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


def _account(name: str) -> dict[str, Any]:
    return {**copy.deepcopy(GOOD["mappings"][0]), "object_name": name}


def _numbered(document: dict[str, Any], count: int) -> list[dict[str, Any]]:
    return [{**document["mappings"][0], "object_name": f"Object{n}__c"} for n in range(count)]
