"""Each file of the corpus gives what is expected, and the emulated Heroku Connect agrees."""

from pathlib import Path
from typing import Any

import pytest

from connect.mappings import diff, lint, placeholders, uploads
from tests.connect.fleet import Fleet
from tests.connect.mappings.comparing import Bench
from tests.connect.mappings.corpus.objects import OBJECTS
from tests.connect.mappings.corpus.wants import WANTS

pytestmark = pytest.mark.django_db
FILES = Path(__file__).parent / "corpus" / "files"
PLAN = "herokuconnect:demo"
READABLE = sorted(name for name, want in WANTS.items() if not want.refused)


def read(name: str) -> dict[str, Any]:
    return uploads.read((FILES / f"{name}.json").read_bytes())


def places(findings: list[lint.Finding]) -> set[str]:
    return {f"{each.rule} {each.where}" for each in findings}


@pytest.fixture
def bench(fleet: Fleet) -> Bench:
    made = Bench(fleet, fleet.add())
    made.give(OBJECTS)
    return made


def test_every_file_has_an_expectation() -> None:
    assert {each.stem for each in FILES.glob("*.json")} == set(WANTS)


@pytest.mark.parametrize("name", READABLE)
def test_a_document_alone_tells_so_much(name: str) -> None:
    found, want = lint.check(read(name), PLAN), WANTS[name]
    assert places(lint.errors(found)) == set(want.errors)
    assert places(lint.warnings(found)) == set(want.warnings)


def test_a_file_that_is_no_mapping_document_is_refused_at_once() -> None:
    with pytest.raises(uploads.BadUpload) as refusal:
        read("fields-as-list")
    assert str(refusal.value) == WANTS["fields-as-list"].refused


def test_the_org_tells_the_rest_and_the_emulator_agrees(bench: Bench) -> None:
    for name in READABLE:
        verdict, want = bench.compare(read(name)), WANTS[name]
        assert verdict.agrees, (name, verdict)
        found = lint.errors(verdict.findings), lint.warnings(verdict.findings)
        assert places(found[0]) == {*want.errors, *want.org_errors}, name
        assert places(found[1]) == {*want.warnings, *want.org_warnings}, name


def test_the_order_of_objects_and_fields_makes_no_difference() -> None:
    assert diff.compare(read("order-a"), read("order-b")) == []


def test_an_export_of_one_namespace_is_taken_for_another() -> None:
    general = placeholders.generalize(read("standard-lookup-namespaced-key"), "acme")
    assert "Account__{ns}Key__c" in general["mappings"][0]["config"]["fields"]
    filled = placeholders.fill(general, "other")
    assert "Account__other__Key__c" in filled["mappings"][0]["config"]["fields"]


def test_the_subscribers_own_names_need_no_namespace(bench: Bench) -> None:
    document = read("geolocation")
    facts = bench.facts(document, "hcmc")
    assert lint.check(document, PLAN, facts) == []
    assert places(lint.check(document, PLAN, lint.OrgFacts("hcmc"))) == {"namespace Place__c"}


def test_two_columns_that_postgres_cuts_to_one_name_are_warned_of() -> None:
    found = lint.warnings(lint.check(read("long-relationship-names"), PLAN))
    assert all("So it does with another field" in each.text for each in found)
