"""The dashboard, the filters, the metrics and the tenant's page count health by one rule."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from connect.models import Condition, Connection, Health, Mapping, Stage, WriteError
from connect.write_errors import counts
from portal import show
from portal.dashboard.attention import CAUSES
from portal.dashboard.cards import write_errors
from portal.project import metrics
from tests import cast
from tests.portal.admin import rows, strangers

pytestmark = pytest.mark.django_db
FLEET = (  # state at Heroku Connect, the condition that was noted, minutes since the last look
    ("IDLE", Condition.HEALTHY, 1),
    ("POLLING_DB_CHANGES", Condition.HEALTHY, 1),
    ("BUSY", Condition.WORKING, 1),
    ("PAUSED", Condition.PAUSED, 1),
    ("IDLE", Condition.DEGRADED, 1),
    ("SYSTEM_ERROR", Condition.BROKEN, 1),
    ("UNAUTHORIZED", Condition.NEEDS_AUTHORIZATION, 1),
    ("IDLE", Condition.HEALTHY, 60),
)
EXPECTED = {
    "Healthy": 2,
    "Working": 1,
    "Paused": 1,
    "Degraded": 1,
    "Unknown": 1,
    "Broken": 1,
    "Needs authorization": 1,
}


@pytest.fixture
def fleet(db: None) -> list[Connection]:
    """Eight live connections, one of them not seen for an hour."""
    now = timezone.now()
    connections = strangers.connected(range(1, len(FLEET) + 1))
    for connection, (state, condition, minutes) in zip(connections, FLEET, strict=True):
        seen_at = now - timedelta(minutes=minutes)
        Connection.objects.filter(pk=connection.pk).update(state=state, seen_at=seen_at)
        Health.objects.create(connection=connection, condition=condition, sampled_at=seen_at)
    return connections


def card(client: Client) -> str:
    html = " ".join(client.get("/admin/").content.decode().split())
    return html.partition('id="card-health"')[2].partition("</section>")[0]


def shown(client: Client) -> dict[str, int]:
    """Return the number beside each condition on the dashboard."""
    html = " ".join(client.get("/admin/").content.decode().split())
    pairs = re.findall(
        r"<strong>(\d+)</strong> (\w[\w ]+?)</a>|"
        r'stat-value">(\d+)</span><span class="stat-label">(?:<span[^>]*></span>)? ?(\w[\w ]+?)<',
        html,
    )
    labels = [str(each.label) for each in Condition]
    healthy = re.search(r"(\d+) of \d+ live are healthy", html)
    assert healthy
    found = [("Healthy", int(healthy.group(1)))]
    found += [(label or other, int(number or again)) for number, label, again, other in pairs]
    counted: dict[str, int] = {}
    for label, number in found:
        if label in labels:
            assert counted.setdefault(label, number) == number, f"two numbers: {label}"
    return counted


def test_one_page_shows_one_number_for_each_condition(
    viewer: Client, fleet: list[Connection]
) -> None:
    assert shown(viewer) == EXPECTED


def test_the_parts_add_up_to_the_headline(viewer: Client, fleet: list[Connection]) -> None:
    headline = re.search(r"(\d+) of (\d+) live", card(viewer))
    assert headline
    healthy, live = int(headline.group(1)), int(headline.group(2))
    assert healthy == EXPECTED["Healthy"]
    assert live == sum(shown(viewer).values()) == len(fleet)


def test_each_filter_finds_as_many_as_the_dashboard_counts(
    viewer: Client, fleet: list[Connection]
) -> None:
    for model in ("connection", "health"):
        found = {
            str(each.label): viewer.get(f"/admin/connect/{model}/", {"condition": each.value})
            .context["cl"]
            .result_count
            for each in Condition
        }
        assert found == EXPECTED, model


def test_the_list_of_health_counts_above_its_rows_what_the_dashboard_counts(
    viewer: Client, fleet: list[Connection]
) -> None:
    tallies = viewer.get("/admin/connect/health/").context["tallies"]
    assert {tally.label: tally.count for tally in tallies} == EXPECTED


def test_the_metrics_count_the_same(fleet: list[Connection]) -> None:
    text = metrics.text(timezone.now())
    found = dict(re.findall(r'multiconnect_connections\{condition="(\w+)"\} ([\d.]+)', text))
    assert {str(Condition(name).label): float(number) for name, number in found.items()} == EXPECTED


def test_who_needs_attention_is_counted_by_the_same_rule(fleet: list[Connection]) -> None:
    now = timezone.now()
    counted = {cause.label: cause.rows(now).count() for cause in CAUSES}
    for condition in ("Broken", "Needs authorization", "Degraded"):
        assert counted[condition] == EXPECTED[condition]


def test_a_tenants_page_says_that_it_was_not_seen_lately(
    viewer: Client, fleet: list[Connection]
) -> None:
    html = viewer.get(f"/admin/tenants/tenant/{fleet[-1].tenant_id}/change/").content.decode()
    assert "Unknown for <time" in html
    assert '<span class="badge badge-good">Healthy' not in html


def test_a_state_has_the_tone_of_its_condition() -> None:
    assert show.state_tone("POLLING_DB_CHANGES") == show.look(Condition.HEALTHY).tone == show.GOOD
    assert show.mapping_tone("ABORTED") == show.look(Condition.DEGRADED).tone == show.WAIT


def test_every_condition_has_a_tone_and_the_worst_comes_last() -> None:
    looks = [show.look(each) for each in Condition]
    assert [look.order for look in looks] == list(range(len(Condition)))
    assert (looks[0].tone, looks[-1].tone) == (show.GOOD, show.BAD)


def test_failed_writes_are_one_number_everywhere(viewer: Client, fleet: list[Connection]) -> None:
    for number, connection in enumerate(fleet[:2], start=1):
        WriteError.objects.create(
            connection=connection,
            table_name="account",
            cause="DUPLICATE",
            failed=number,
        )
    gone = rows.connection(cast.enrol(cast.ACME), Stage.OFFBOARDED)
    WriteError.objects.create(connection=gone, table_name="account", cause="GONE", failed=100)
    Mapping.objects.create(
        connection=fleet[0], object_name="Account", mapping_id="m", rows_failed=9
    )
    listed = viewer.get("/admin/connect/writeerror/").context
    by_connection = [
        each.writes for each in viewer.get("/admin/connect/health/").context["cl"].queryset
    ]
    assert write_errors.read(timezone.now())["total"] == 3
    assert "multiconnect_writes_failed 3.0" in metrics.text(timezone.now())
    assert sum(error.failed for error in listed["cl"].queryset) == 3
    assert sum(cause["failed"] for cause in listed["causes"]) == 3
    assert sum(by_connection) == 3
    assert [counts.of(each) for each in fleet[:2]] == [1, 2]
