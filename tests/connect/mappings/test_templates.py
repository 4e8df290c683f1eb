import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.clients.heroku_connect import MappingDetail
from connect.mappings import lint, templates
from connect.models import MappingTemplate

FIRST = json.loads(templates._FIRST.read_text())


def mapping(name: str, *fields: str) -> MappingDetail:
    return MappingDetail(
        id="m",
        object_name=name,
        state="DATA_SYNCED",
        access="read_write",
        config={"fields": {key: {} for key in fields}},
        rows_in_database=0,
        rows_in_salesforce=0,
        rows_pending=0,
        rows_failed=0,
    )


def names(document: dict[str, Any]) -> list[str]:
    return [each["object_name"] for each in document["mappings"]]


def test_the_first_template_maps_the_four_objects_of_the_use_case() -> None:
    assert names(templates.fill(FIRST, "")) == ["Account", "Contact", "Tweet__c", "Connection__c"]


def test_a_namespace_goes_before_custom_names_and_only_those() -> None:
    filled = templates.fill(FIRST, "hcmc")
    assert names(filled) == ["Account", "Contact", "hcmc__Tweet__c", "hcmc__Connection__c"]
    assert "hcmc__Twitter__c" in filled["mappings"][0]["config"]["fields"]
    assert "Name" in filled["mappings"][0]["config"]["fields"]


@pytest.mark.parametrize("namespace", ["", "hcmc"])
@pytest.mark.parametrize("plan", ["herokuconnect:demo", "herokuconnect:enterprise"])
def test_the_first_template_has_no_fault_on_any_plan(namespace: str, plan: str) -> None:
    assert lint.check(templates.fill(FIRST, namespace), plan) == []


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=20))
def test_filling_a_document_without_placeholders_changes_nothing(part: Any) -> None:
    document = {"mappings": [json.dumps(part).replace("{ns}", "")]}
    assert templates.fill(document, "hcmc") == document


def test_an_import_counts_only_when_every_object_and_field_is_there() -> None:
    document = {
        "mappings": [
            {"object_name": "Account", "config": {"fields": {"Id": {}, "Name": {}}}},
            {"object_name": "Tweet__c", "config": {"fields": {"Id": {}}}},
        ]
    }
    account, tweet = mapping("Account", "Id", "Name"), mapping("tweet__c", "id", "extra")
    assert templates.is_imported(document, [account, tweet])
    assert not templates.is_imported(document, [account])
    assert not templates.is_imported(document, [mapping("Account", "Id"), tweet])
    assert not templates.is_imported(document, [])


@pytest.mark.django_db
def test_the_first_version_is_made_once() -> None:
    first = templates.ensure_first()
    assert first is not None
    assert first.version == 1
    assert templates.ensure_first() is None
    assert MappingTemplate.objects.count() == 1
