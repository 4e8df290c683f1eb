import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.clients.connection_detail import MappingDetail
from connect.mappings import arrival, lint, placeholders, templates, uploads
from connect.models import DefaultTemplate, MappingTemplate, Package
from emulator import testing
from tests import cast
from tests.connect.mappings.strategies import documents

FIRST = templates.shipped(Package.CURRENT)
OF_2016 = templates.shipped(Package.ORIGINAL)


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
    assert names(placeholders.fill(FIRST, "")) == [
        "Account",
        "Contact",
        "Tweet__c",
        "Connection__c",
    ]


def test_a_namespace_goes_before_custom_names_and_only_those() -> None:
    filled = placeholders.fill(FIRST, "hcmc")
    assert names(filled) == ["Account", "Contact", "hcmc__Tweet__c", "hcmc__Connection__c"]
    assert "hcmc__Twitter__c" in filled["mappings"][0]["config"]["fields"]
    assert "Name" in filled["mappings"][0]["config"]["fields"]


@pytest.mark.parametrize("namespace", ["", "hcmc"])
@pytest.mark.parametrize("plan", ["herokuconnect:demo", "herokuconnect:enterprise"])
def test_the_first_template_has_no_finding_on_any_plan(namespace: str, plan: str) -> None:
    filled = placeholders.fill(FIRST, namespace)
    assert lint.check(filled, plan, lint.OrgFacts(namespace)) == []


def test_the_template_for_2016_writes_posts_alone_which_have_no_identifier_there() -> None:
    (finding,) = lint.check(placeholders.fill(OF_2016, ""), "herokuconnect:demo")
    assert (finding.rule, finding.where) == ("no-identifier", "Tweet__c")
    writes = {m["object_name"] for m in OF_2016["mappings"] if m["config"]["access"] != "read_only"}
    assert writes == {"{ns}Tweet__c"}


@pytest.mark.parametrize(
    ("document", "package"), [(FIRST, "current"), (OF_2016, "2016")], ids=["current", "2016"]
)
def test_each_shipped_field_is_in_its_package(document: dict[str, Any], package: str) -> None:
    known = testing.object_fields("hcmc", package)
    for each in placeholders.fill(document, "hcmc")["mappings"]:
        assert each["config"]["fields"].keys() <= known[each["object_name"]]


def test_the_package_of_2016_has_no_identifier_of_the_first_template() -> None:
    known = testing.object_fields("", "2016")
    for each in placeholders.fill(FIRST, "")["mappings"]:
        assert each["config"].get("upsert_field") not in known[each["object_name"]]


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=20))
def test_filling_a_document_without_placeholders_changes_nothing(part: Any) -> None:
    document = {"mappings": [json.dumps(part).replace("{ns}", "")]}
    assert placeholders.fill(document, "hcmc") == document


def test_an_import_counts_only_when_every_object_and_field_is_there() -> None:
    document = {
        "mappings": [
            {"object_name": "Account", "config": {"fields": {"Id": {}, "Name": {}}}},
            {"object_name": "Tweet__c", "config": {"fields": {"Id": {}}}},
        ]
    }
    account, tweet = mapping("Account", "Id", "Name"), mapping("tweet__c", "id", "extra")
    assert arrival.contains_all_fields(document, [account, tweet])
    assert not arrival.contains_all_fields(document, [account])
    assert not arrival.contains_all_fields(document, [mapping("Account", "Id"), tweet])
    assert not arrival.contains_all_fields(document, [])


@given(documents(), st.sampled_from(["", "ns", "acme"]))
def test_taking_a_namespace_out_is_the_opposite_of_filling_it_in(
    document: dict[str, Any], namespace: str
) -> None:
    assert placeholders.fill(placeholders.generalize(document, namespace), namespace) == document


def test_both_halves_of_a_relationships_path_lose_the_namespace() -> None:
    general = placeholders.generalize({"acme__Parent__r__acme__Key__c": {}}, "acme")
    assert general == {"{ns}Parent__r__{ns}Key__c": {}}


@pytest.mark.parametrize(
    ("name", "general"),
    [
        ("Account__acme__Key__c", "Account__{ns}Key__c"),
        ("acme__Spot__Latitude__s", "{ns}Spot__Latitude__s"),
        ("acme__acme__c", "{ns}acme__c"),
        ("Account__acme__c", "Account__acme__c"),
        ("Acmeville__c", "Acmeville__c"),
    ],
)
def test_the_namespace_is_found_inside_a_name_too(name: str, general: str) -> None:
    assert placeholders.generalize({name: {}}, "acme") == {general: {}}
    assert placeholders.fill({general: {}}, "acme") == {name: {}}


def arrived(*found: MappingDetail, **before: int) -> bool:
    document = {"mappings": [{"object_name": "Account", "config": {"fields": {"Id": {}}}}]}
    return arrival.has_arrived(document, found, before)


def seen(name: str, revision: int, **settings: Any) -> MappingDetail:
    given = mapping(name, "Id")
    return replace(given, config={**given.config, "revision": revision, **settings})


def test_an_import_has_arrived_only_when_the_mappings_show_it() -> None:
    assert arrived(seen("Account", 1), account=1)
    assert arrived(seen("Account", 1), seen("Contact", 1), account=1)
    assert not arrived(account=1)
    assert not arrived(seen("Account", 1, access="read_write"), account=1)


def test_an_import_that_heroku_connect_adjusts_has_arrived() -> None:
    assert arrived(seen("Account", 2, sf_polling_seconds=900), account=1)
    assert arrived(seen("Account", 1, sf_polling_seconds=900))


@pytest.mark.django_db
def test_the_most_specific_default_wins_otherwise_the_newest_version() -> None:
    first, second, third = (
        MappingTemplate.objects.create(version=n, document=FIRST) for n in (1, 2, 3)
    )
    connection = cast.connect(cast.enrol(cast.BOREALIS), plan="herokuconnect:demo")
    assert templates.default_for(connection) == third
    DefaultTemplate.objects.create(environment="sandbox", template=first)
    assert templates.default_for(connection) == first
    DefaultTemplate.objects.create(plan="herokuconnect:demo", template=second)
    DefaultTemplate.objects.create(plan="herokuconnect:shield", template=third)
    assert templates.default_for(connection) == second


@pytest.mark.django_db
def test_the_shipped_versions_are_made_once() -> None:
    first, second = templates.ensure_first()
    assert (first.version, first.package) == (1, Package.CURRENT)
    assert (second.version, second.package) == (2, Package.ORIGINAL)
    assert templates.ensure_first() == []
    assert MappingTemplate.objects.count() == 2


@pytest.mark.django_db
def test_the_newest_version_for_the_package_of_2016_is_not_the_default() -> None:
    first, second = templates.ensure_first()
    assert templates.default_for(cast.connect(cast.enrol(cast.ACME))) == first
    assert templates.newest(Package.ORIGINAL) == second
    assert templates.same_as_newest(first.document, Package.CURRENT) == first
    assert templates.same_as_newest(first.document, Package.ORIGINAL) is None


# --- export and import ----------------------------------------------------------------------------


def placed(name: str) -> str:
    return name.replace("ns__", "{ns}")


@given(documents().map(lambda each: json.loads(placed(json.dumps(each)))))
def test_export_and_add_again_is_the_identity(document: dict[str, Any]) -> None:
    template = MappingTemplate(document=uploads.tidy(document))
    again = uploads.read(json.dumps(templates.exported(template)).encode())
    assert placeholders.generalize(again, "") == template.document


@given(documents().map(lambda each: json.loads(placed(json.dumps(each)))))
def test_an_export_for_one_namespace_comes_back_with_the_placeholder(
    document: dict[str, Any],
) -> None:
    template = MappingTemplate(document=uploads.tidy(document))
    again = uploads.read(json.dumps(templates.exported(template, "acme")).encode())
    assert placeholders.generalize(again, "acme") == template.document


@pytest.mark.parametrize("document", [FIRST, OF_2016], ids=["current", "2016"])
def test_the_shipped_templates_survive_the_round_trip(document: dict[str, Any]) -> None:
    template = MappingTemplate(document=document)
    assert uploads.read(json.dumps(templates.exported(template)).encode()) == document
