"""A tenant's page, the lists and the files say the same of it: the worst that is known."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from connect.models import (
    BlockedKind,
    Condition,
    Connection,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
)
from connect.standing import Word
from tenants.models import Tenant
from tests.portal.admin import walk

pytestmark = pytest.mark.django_db
STATES = [  # state, condition, incident, headline, word, primary button
    ("UNAUTHORIZED", Condition.NEEDS_AUTHORIZATION, IncidentKind.UNAUTHORIZED,
     "Salesforce authorization lost", Word.NEEDS_AUTHORIZATION, "Ask to authorize again"),
    ("TOO_MANY_ROWS", Condition.BROKEN, IncidentKind.TOO_MANY_ROWS,
     "Row limit passed", Word.BROKEN, "Open the app's add-ons at Heroku"),
    ("IDLE", Condition.BROKEN, IncidentKind.MAPPING,
     "A mapping fails", Word.BROKEN, "Open its mappings"),
    ("IDLE", Condition.HEALTHY, IncidentKind.WRITE_ERRORS,
     "Salesforce refuses writes", Word.DEGRADED, "Open its write errors"),
]  # fmt: skip


def text(client: Client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def primary(client: Client, url: str) -> list[str]:
    """Return the labels of the buttons that stand out."""
    return [each.label for each in client.get(url).context["buttons"] if each.weight == ""]


def trouble(connection: Connection, state: str, condition: Condition, kind: IncidentKind) -> None:
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(state=state)
    Health.objects.filter(connection=connection).update(condition=condition, sampled_at=now)
    Incident.objects.create(
        connection=connection, kind=kind, status=IncidentStatus.OPEN, text="So it is.",
        opened_at=now,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "condition", "kind", "headline", "word", "button"),
    STATES,
    ids=[each[2].value for each in STATES],
)
def test_no_page_is_green_while_something_is_wrong(
    manager: Client,
    five: dict[str, Tenant],
    state: str,
    condition: Condition,
    kind: IncidentKind,
    headline: str,
    word: Word,
    button: str,
) -> None:
    connection = five["acme"].connections.get()
    trouble(connection, state, condition, kind)
    for row in (five["acme"], connection):
        url = walk.page(type(row), "change", row.pk)
        html = text(manager, url)
        assert f"<h2>{headline}, for" in html
        assert "notice-good" not in html
        last = html.partition('<span class="step-label">Live</span>')[2]
        assert last.startswith(f' <span class="step-state">{word.label.lower()}<')
        assert primary(manager, url) == [button]
    for model in (Tenant, Connection):
        html = text(manager, f"{walk.page(model, 'changelist')}?standing={word}")
        assert f"{word.label}</span>" in html
        assert headline in html
    assert exported(manager, Tenant)[five["acme"].org_id] == word.label
    assert exported(manager, Connection)[five["acme"].org_id] == word.label


def exported(client: Client, model: type[Any]) -> dict[str, str]:
    """Return the standing of each org in a CSV file."""
    answer: Any = client.get(walk.page(model, "export"))
    content = b"".join(answer.streaming_content).decode().lstrip("\ufeff")
    rows = csv.DictReader(io.StringIO(content))
    key = "org id" if model is Tenant else "tenant org id"
    return {row[key]: row["standing"] for row in rows}


def test_a_well_connection_is_live_everywhere(manager: Client, five: dict[str, Tenant]) -> None:
    html = text(manager, walk.page(Tenant, "change", five["acme"].pk))
    # It went live at a time, but it may have been broken since then.
    assert "<h2>Live</h2>" in html
    assert "Nothing has to be done." in html
    assert primary(manager, walk.page(Tenant, "change", five["acme"].pk)) == []
    said = exported(manager, Tenant)
    assert {name: said[five[name].org_id] for name in five} == {
        "acme": "Live",
        "borealis": "Waiting for authorization",
        "cirrus": "Waiting for proof",
        "dune": "Blocked",
        "ember": "Off-boarded",
    }


def test_the_right_action_of_the_wrong_org_is_to_start_over(
    manager: Client, operator: Client, five: dict[str, Tenant]
) -> None:
    five["dune"].connections.update(blocked_kind=BlockedKind.WRONG_ORG)
    url = walk.page(Tenant, "change", five["dune"].pk)
    assert primary(manager, url) == ["Start over"]
    # An operator may not do it, and no other button takes its place.
    assert primary(operator, url) == []
    assert "This needs the role Manager." in text(operator, url)


def test_the_counts_above_a_list_are_those_of_its_badges(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    tallies = viewer.get(walk.page(Tenant, "changelist")).context["tallies"]
    for tally in tallies:
        listed = viewer.get(f"{walk.page(Tenant, 'changelist')}{tally.url}")
        assert listed.context["cl"].result_count == tally.count, tally
        html = listed.content.decode()
        assert re.search(rf'badge-{tally.tone}">{tally.label}<', html), tally


def test_healing_is_said_of_no_incident_that_needs_a_person(
    viewer: Client, five: dict[str, Tenant]
) -> None:
    connection = five["acme"].connections.get()
    trouble(connection, "TOO_MANY_ROWS", Condition.BROKEN, IncidentKind.TOO_MANY_ROWS)
    Incident.objects.update(needs_person_since=timezone.now())
    card = text(viewer, "/admin/").partition('id="card-incidents"')[2].partition("</section>")[0]
    assert "Needs a person" in card
    assert "Healing" not in card
    incident = Incident.objects.get()
    html = text(viewer, walk.page(Incident, "change", incident.pk))
    assert "Upgrade the add-on's plan, or delete rows or mappings." in html.replace("&#x27;", "'")
