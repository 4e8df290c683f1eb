"""The form of a roll-out says before it is made whom it is for and what it costs."""

from html import unescape
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from connect.models import Mapping, MappingTemplate, Rollout, RolloutItem, Tag
from portal.admin.panels.rollout_preview import Preview
from tests import cast
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.portal.admin import walk

pytestmark = pytest.mark.django_db
QUERIES = 20  # 9 of them make the preview; the rest is any page of a form
FORM = {
    "kind": "mappings",
    "canary_size": "1",
    "wave_size": "1",
    "failure_limit": "10",
    "prune": "keep",
    "share": "100",
}


@pytest.fixture
def fleet(db: None, emulator: Any) -> Fleet:
    fleet = Fleet(emulator, fleets.version(fleets.FIRST))
    fleet.add(cast.ACME)
    fleet.add()
    fleet.add()
    Mapping.objects.filter(object_name="Account").update(rows_in_salesforce=1200)
    fleets.version(fleets.SECOND)
    return fleet


def send(client: Client, button: str, **data: Any) -> HttpResponse:
    second = MappingTemplate.objects.get(version=2)
    given = {**FORM, "template": second.pk, button: "1", **data}
    return client.post(walk.page(Rollout, "add"), given)  # type: ignore[return-value]


def preview(client: Client, **data: Any) -> tuple[Preview, str]:
    answer = send(client, "_preview", **data)
    return answer.context["preview"], answer.content.decode()  # type: ignore[attr-defined]


def test_a_preview_says_whom_it_fits_and_what_it_costs_and_makes_nothing(
    manager: Client, fleet: Fleet
) -> None:
    shown, html = preview(manager, notes="Typed here.")
    assert "It fits 3 tenants. Nothing is made yet." in html
    assert "1 in the canary group, then 2 in 2 waves" in html
    assert (shown.estimate.calls, shown.estimate.rows) == (12, 3600)
    assert "12 at least, of 4,500 an hour" in html
    assert "3,600 at least" in html
    assert all(member.tenant.name in unescape(html) for member in fleet.members)
    assert "Typed here." in html
    assert not Rollout.objects.exists()


def test_the_roll_out_takes_the_canary_tenants_of_its_preview(
    manager: Client, fleet: Fleet
) -> None:
    shown, _ = preview(manager)
    assert send(manager, "_save").status_code == 302
    canary = RolloutItem.objects.get(wave=0).connection.tenant
    assert shown.canary.named == [canary]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_canary_tenants_are_chosen_by_a_tag(manager: Client, fleet: Fleet, number: int) -> None:
    tag = Tag.objects.create(name="pilot")
    tag.tenants.add(fleet.members[number].tenant)
    shown, html = preview(manager, canary_tag=tag.pk)
    assert shown.canary.named == [fleet.members[number].tenant]
    assert 'badge-muted">pilot</span>' in html
    send(manager, "_save", canary_tag=tag.pk)
    assert RolloutItem.objects.get(wave=0).connection == fleet.members[number].connection


def test_a_tag_for_an_empty_canary_group_is_refused(manager: Client, fleet: Fleet) -> None:
    tag = Tag.objects.create(name="pilot")
    shown, html = preview(manager, canary_tag=tag.pk, canary_size="0")
    assert shown is None
    assert "Give the canary group a size" in html


def test_without_a_canary_group_all_are_in_waves(manager: Client, fleet: Fleet) -> None:
    shown, html = preview(manager, canary_size="0", wave_size="2")
    assert (shown.canary.total, shown.others.total, shown.waves) == (0, 3, 2)
    assert "Canary group" not in html


def test_new_tables_and_mappings_that_were_never_counted_are_named(
    manager: Client, fleet: Fleet
) -> None:
    Mapping.objects.update(rows_in_salesforce=None, rows_in_database=None)
    third = fleets.version(fleets.document(Lead=fleets.config(), **_mapped(fleets.FIRST)))
    shown, html = preview(manager, template=third.pk)
    assert (shown.estimate.loads, shown.estimate.uncounted) == (["Lead"], 6)
    assert "the rows of 6 mappings are not counted yet" in html


def test_an_api_version_reads_no_rows(manager: Client, fleet: Fleet) -> None:
    shown, _ = preview(manager, kind="api_version", api_version="61.0")
    assert (shown.estimate.calls, shown.estimate.rows) == (24, 0)


def test_a_deletion_is_announced_with_the_second_person(
    manager: Client, fleet: Fleet, settings: Settings
) -> None:
    settings.TWO_PERSON_APPROVAL = True
    _, html = preview(manager, prune="removed")
    assert "It deletes mapped objects." in html
    assert "Somebody else than you must start it." in html


def test_what_does_not_fit_is_said_as_before(manager: Client, fleet: Fleet) -> None:
    shown, html = preview(manager, plan="herokuconnect:none")
    assert shown is None
    assert "No live tenant without another open roll-out matches." in html


def test_a_preview_costs_the_same_queries_for_any_number_of_tenants(
    manager: Client, fleet: Fleet, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    preview(manager)
    with django_assert_num_queries(QUERIES):
        preview(manager)
    fleet.add()
    with django_assert_num_queries(QUERIES):
        shown, _ = preview(manager)
    assert shown.total == 4


def _mapped(document: dict[str, Any]) -> dict[str, Any]:
    return {each["object_name"]: each["config"] for each in document["mappings"]}
