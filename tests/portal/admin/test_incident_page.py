"""An incident's page: the remedy's plan, what it is about, buttons and post-mortem."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from connect.health import affected, alerts
from connect.models import HealingAttempt, Incident, IncidentKind, IncidentStatus
from tenants import timeline
from tenants.models import EventKind
from tests import cast, queue
from tests.portal.admin import rows, walk

pytestmark = pytest.mark.django_db
QUERIES = 12


@pytest.fixture
def incident(db: None) -> Incident:
    """The database of Acme's connection is unavailable; it was restarted once."""
    connection = rows.connection(cast.enrol(cast.ACME), state="IDLE")
    now = timezone.now()
    made = Incident.objects.create(
        connection=connection,
        kind=IncidentKind.DB_UNAVAILABLE,
        status=IncidentStatus.OPEN,
        text="Heroku Connect does not reach Postgres.",
        suspected_at=now - timedelta(hours=1),
        opened_at=now - timedelta(minutes=50),
        attempts=1,
        next_attempt_at=now + timedelta(minutes=9),
    )
    HealingAttempt.objects.create(incident=made, remedy="restart", text="“Restart” done.")
    return made


def page(client: Client, row: Incident) -> str:
    return unescape(client.get(walk.page(Incident, "change", row.pk)).content.decode())


def steps(client: Client, row: Incident) -> list[tuple[str, str]]:
    answer: Any = client.get(walk.page(Incident, "change", row.pk))
    return [(each.state, each.label) for each in answer.context["plan"]]


def test_the_plan_says_what_was_tried_what_is_next_and_when(
    viewer: Client, incident: Incident
) -> None:
    person = "Notify staff that a person is needed"
    assert steps(viewer, incident) == [
        ("done", "Restart"),
        ("next", "Restart"),
        ("later", "Restart"),
        ("later", "Restart"),
        ("later", person),
    ]
    html = page(viewer, incident)
    assert "“Restart” done." in html
    assert "30 min after the step before" in html
    Incident.objects.update(attempts=4, next_attempt_at=timezone.now())
    assert steps(viewer, incident)[-1] == ("next", person)
    Incident.objects.update(needs_person_since=timezone.now(), next_attempt_at=None)
    assert steps(viewer, incident) == [("done", "Restart"), ("done", person)]


@pytest.mark.parametrize("facts", [{"absent_since": True}, {"status": "closed", "closed_at": True}])
def test_nothing_more_is_planned_for_what_is_over_or_recovers(
    viewer: Client, incident: Incident, facts: dict[str, Any]
) -> None:
    now = timezone.now()
    Incident.objects.update(**{name: now if it is True else it for name, it in facts.items()})
    assert steps(viewer, incident) == [("done", "Restart")]


def test_what_the_portal_cannot_repair_has_no_plan(viewer: Client, incident: Incident) -> None:
    HealingAttempt.objects.all().delete()
    Incident.objects.update(kind=IncidentKind.TOO_MANY_ROWS, attempts=0, next_attempt_at=None)
    assert "Nothing: the portal cannot repair this." in page(viewer, incident)


def test_the_timeline_has_its_own_events_and_what_staff_did_meanwhile(
    viewer: Client, incident: Incident
) -> None:
    assert incident.connection is not None
    tenant = incident.connection.tenant
    timeline.note(tenant, EventKind.NOTE, "They move their data centre.", actor="mia")
    timeline.note(tenant, EventKind.MESSAGE, "A mail about something else.")
    timeline.note(tenant, EventKind.INCIDENT, "Notified.", incident=incident.pk, what="opened")
    html = page(viewer, incident)
    assert "They move their data centre." in html
    assert "Notified." in html
    assert "First seen; nobody is notified yet." in html
    assert "A mail about something else." not in html


def test_the_timeline_says_once_that_it_opened_and_that_it_is_over(
    viewer: Client, incident: Incident
) -> None:
    alerts.notify_opened(incident)
    # What it says changes later, and the opening stays as it was.
    incident.text = "Postgres refuses Heroku Connect."
    incident.status, incident.closed_at = IncidentStatus.CLOSED, timezone.now()
    incident.save()
    alerts.notify_closed(incident)
    answer: Any = viewer.get(walk.page(Incident, "change", incident.pk))
    said = [each.text for each in answer.context["lines"]]
    assert [each for each in said if "ostgres" in each] == [
        f"Opened: {incident}. Heroku Connect does not reach Postgres."
    ]
    (over,) = [each for each in said if "It lasted" in each]
    assert over.startswith("Recovered: ")


def test_an_incident_whose_events_are_gone_still_says_that_it_opened_and_closed(
    viewer: Client, incident: Incident
) -> None:
    Incident.objects.update(status=IncidentStatus.CLOSED, closed_at=timezone.now())
    html = page(viewer, incident)
    assert "Opened. Heroku Connect does not reach Postgres." in html
    assert "Closed. It lasted " in html


def test_the_right_button_is_first_and_leads_back(
    viewer: Client, operator: Client, incident: Incident
) -> None:
    assert incident.connection is not None
    here = walk.page(Incident, "change", incident.pk)
    url = walk.page(
        type(incident.connection.tenant), "act", incident.connection.tenant_id, "restart"
    )
    answer: Any = operator.get(here)
    first = answer.context["buttons"][0]
    assert (first.label, first.url.split("?")[0], first.weight) == ("Restart", url, "")
    pressed = operator.post(first.url)
    assert pressed["Location"] == here
    labels = [each.label for each in viewer.get(here).context["buttons"]]
    assert "Restart" not in labels


@pytest.mark.parametrize(
    ("facts", "count"),
    [
        ({"kind": "region", "region_url": "https://a.example"}, 1),
        ({"kind": "region", "region_url": "https://other.example"}, 0),
        ({"kind": "token"}, 2),
        ({"kind": "token", "scope": "second"}, 0),
        ({"kind": "list_refused", "region_url": "https://a.example", "scope": "app"}, 0),
        ({"kind": "database"}, 2),
        ({"kind": "stale"}, 0),
    ],
)
def test_an_incident_of_many_names_those_that_depend_on_it(
    viewer: Client, facts: dict[str, str], count: int
) -> None:
    for who, region in ((cast.ACME, "https://a.example"), (cast.BOREALIS, "https://b.example")):
        rows.connection(cast.enrol(who), state="IDLE", region_url=region)
    row = Incident.objects.create(status="open", text="Away.", **facts)
    assert affected.of(row).count() == count
    html = page(viewer, row)
    assert ("No connection at the moment." in html) == (count == 0)


def test_the_post_mortem_is_written_and_written_again(operator: Client, incident: Incident) -> None:
    url = walk.page(Incident, "act", incident.pk, "post_mortem")
    for text in ("Their Postgres was upgraded.", "Their Postgres was upgraded. We ask for a date."):
        operator.post(url, {"confirmed": "yes", "note": text})
        queue.drain()
        assert text in page(operator, incident)
    assert "We ask for a date." in operator.get(url).content.decode()
    assert "Post-mortem of incident" in page(operator, incident)
    assert incident.connection is not None
    assert incident.connection.tenant.events.filter(text__contains="Post-mortem").count() == 2


def test_a_suspicion_has_no_post_mortem(operator: Client, incident: Incident) -> None:
    Incident.objects.update(status=IncidentStatus.SUSPECTED, opened_at=None)
    url = walk.page(Incident, "act", incident.pk, "post_mortem")
    operator.post(url, {"confirmed": "yes", "note": "Nothing."})
    queue.drain()
    incident.refresh_from_db()
    assert incident.post_mortem == ""


def test_an_incidents_page_costs_the_same_queries_for_any_number_of_events(
    viewer: Client, incident: Incident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page(viewer, incident)
    assert incident.connection is not None
    for _ in range(2):
        with django_assert_num_queries(QUERIES):
            page(viewer, incident)
        timeline.note(incident.connection.tenant, EventKind.NOTE, "More.", actor="mia")
        HealingAttempt.objects.create(incident=incident, remedy="restart", text="Again.")
