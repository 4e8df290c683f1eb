import copy
from collections.abc import Callable
from typing import Any

import pytest

from connect.mappings import lint

GOOD: dict[str, Any] = {
    "mappings": [
        {
            "object_name": "Account",
            "config": {
                "access": "read_write",
                "sf_polling_seconds": 600,
                "fields": {"Id": {}, "CreatedDate": {}, "SystemModstamp": {}, "IsDeleted": {}},
                "indexes": {},
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


def test_a_finding_reads_as_a_sentence_with_place_and_rule() -> None:
    finding = lint.Finding("access", "Account", "access must be one of read_only, read_write.")
    assert str(finding) == "Account: access must be one of read_only, read_write. [access]"


def _numbered(document: dict[str, Any], count: int) -> list[dict[str, Any]]:
    return [{**document["mappings"][0], "object_name": f"Object{n}__c"} for n in range(count)]
