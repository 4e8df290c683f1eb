"""The Prometheus page: behind a token, complete, and the same cost for any fleet."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from connect.clients import budget
from connect.models import ApiBudget, Health, Incident, Stage
from portal.dashboard.cards import vitals
from portal.project import metrics
from tests import cast

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-prometheus-alone"


@pytest.fixture(autouse=True)
def _token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape(client: Client) -> str:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    return answer.content.decode()


def numbers(page: str) -> dict[str, float]:
    """Return the numbers as Prometheus' own parser reads them, each by its name and labels."""
    found = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = ",".join(f'{key}="{value}"' for key, value in sample.labels.items())
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


@pytest.mark.parametrize("header", ["", "Bearer wrong", f"Basic {TOKEN}", "Bearer", "Bearer ü"])
def test_without_the_token_nothing_is_shown(client: Client, header: str) -> None:
    answer = client.get("/metrics", headers={"Authorization": header})
    assert answer.status_code == 401
    assert b"multiconnect_" not in answer.content


def test_where_no_token_is_set_there_is_no_page(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_page_cannot_be_posted_to(client: Client) -> None:
    assert client.post("/metrics").status_code == 405


def test_tenants_conditions_incidents_and_budget_are_counted(client: Client) -> None:
    tenant = cast.enrol(cast.ACME)
    acme = cast.connect(tenant, Stage.LIVE, organization_id=cast.ACME["org_id"])
    cast.connect(cast.enrol(cast.BOREALIS), Stage.LINKING)
    Health.objects.create(connection=acme, condition="broken", backlog=3, sampled_at=timezone.now())
    Incident.objects.create(
        connection=acme, kind="system_error", status="open", opened_at=timezone.now(), text="x"
    )
    ApiBudget.objects.create(peer="heroku", remaining=4321)
    found = numbers(scrape(client))
    expected = {
        'multiconnect_tenants{stage="live"}': 1,
        'multiconnect_tenants{stage="linking"}': 1,
        'multiconnect_tenants{stage="offboarded"}': 0,
        'multiconnect_connections{condition="broken"}': 1,
        'multiconnect_connections{condition="healthy"}': 0,
        'multiconnect_incidents_open{kind="system_error"}': 1,
        "multiconnect_writes_waiting": 3,
        'multiconnect_call_budget{peer="heroku"}': 4321,
        "multiconnect_work_due": 2,
    }
    assert {name: found[name] for name in expected} == expected


def test_metrics_dashboard_and_roll_out_page_show_the_same_budget(client: Client) -> None:
    now = timezone.now()
    ApiBudget.objects.create(peer="heroku", remaining=100, seen_at=now - timedelta(minutes=10))
    shown = {
        numbers(metrics.text(now))['multiconnect_call_budget{peer="heroku"}'],
        vitals.read(now)["budget"]["left"],
        budget.left(now),
    }
    assert shown == {100 + 10 * budget.REFILL_PER_MINUTE}


def test_a_large_number_is_shown_exactly(client: Client) -> None:
    ApiBudget.objects.create(peer="heroku", remaining=1_234_567)
    assert numbers(scrape(client))['multiconnect_call_budget{peer="heroku"}'] == 1_234_567


def test_every_family_is_a_gauge_with_its_help(client: Client) -> None:
    families = list(text_string_to_metric_families(scrape(client)))
    assert len(families) >= 18
    assert {family.type for family in families} == {"gauge"}
    assert all(family.documentation.endswith(".") for family in families)


def test_a_label_that_holds_quotes_and_line_breaks_is_read_back_as_it_was(client: Client) -> None:
    ApiBudget.objects.create(peer='a "b"\\\n', remaining=1)
    families = text_string_to_metric_families(scrape(client))
    labels = [sample.labels for family in families for sample in family.samples]
    assert {"peer": 'a "b"\\\n'} in labels


def test_every_line_is_in_prometheus_format(client: Client) -> None:
    number = r"-?\d+(\.\d+)?(e[+-]\d+)?"
    line = re.compile(
        rf'# (HELP|TYPE) multiconnect_\w+ .+|multiconnect_\w+(\{{\w+="[^"]*"\}})? {number}'
    )
    lines = scrape(client).splitlines()
    assert [each for each in lines if not line.fullmatch(each)] == []


def test_the_cost_does_not_grow_with_the_fleet(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(25):
        metrics.text(timezone.now())
