"""How one tenant is looked after: who is alerted too, whether it heals, how often it is seen."""

from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from connect import tasks
from connect.clients import budget
from connect.health import closely, healing, lifecycle
from connect.models import ApiBudget, Connection, Incident, IncidentKind, IncidentStatus, Stage
from tenants import messages
from tenants.models import LookEvery, Message, MessageKind, Tenant
from tests import cast

pytestmark = pytest.mark.django_db
NOW = timezone.now()
EARLIER = NOW - timedelta(minutes=5)


@pytest.fixture
def acme() -> Connection:
    return live(cast.ACME)


def live(who: dict[str, str], **facts: object) -> Connection:
    tenant = cast.enrol(who)
    return cast.connect(tenant, Stage.LIVE, organization_id=tenant.org_id, **facts)


def opened(connection: Connection, kind: IncidentKind = IncidentKind.SYSTEM_ERROR) -> Incident:
    """Let a problem last until it opens an incident."""
    found = Incident(connection=connection, kind=kind, text="It stopped.")
    lifecycle.note([found], [], EARLIER)
    incident = Incident.objects.select_related("connection__tenant").get()
    lifecycle.note([found], [incident], NOW)
    incident.refresh_from_db()
    return incident


# --- who is alerted ------------------------------------------------------------------------------


def test_more_people_get_the_alerts_about_a_tenant_and_nothing_else(acme: Connection) -> None:
    Tenant.objects.update(alert_to="key.account@isv.example, connect@isv.example")
    tenant = Tenant.objects.get()
    opened(Connection.objects.select_related("tenant").get())
    alert = Message.objects.get(kind=MessageKind.INCIDENT)
    # Those who are staff too get it once.
    assert alert.to == "connect@isv.example, key.account@isv.example"
    messages.queue(tenant, MessageKind.LIVE, key="live:1")
    messages.notify_staff(None, "the portal", "The portal", "needs attention")
    others = Message.objects.exclude(pk=alert.pk)
    assert not others.filter(to__contains="key.account").exists()


def test_an_alert_says_why_each_of_its_readers_gets_it(acme: Connection) -> None:
    staff = "This mail goes to the STAFF_EMAILS of Multiconnect"
    alone = messages.notify_staff(acme.tenant, "alone", "Acme", "needs staff")
    for text in (alone.text, unescape(alone.html)):
        assert f"{staff}, once for each event of this kind." in text
    Tenant.objects.update(alert_to="key.account@isv.example")
    opened(Connection.objects.select_related("tenant").get())
    alert = Message.objects.get(kind=MessageKind.INCIDENT)
    for text in (alert.text, unescape(alert.html)):
        assert f"{staff} and to those who are also alerted about {acme.tenant.name}, once" in text


# --- whether it heals ----------------------------------------------------------------------------


def test_what_is_not_to_heal_itself_needs_a_person_at_once(acme: Connection) -> None:
    Tenant.objects.update(heals_itself=False)
    incident = opened(Connection.objects.select_related("tenant").get())
    assert incident.status == IncidentStatus.OPEN
    assert incident.needs_person_since is not None
    assert incident.next_attempt_at is None
    assert healing.take_due(10) == []


def test_a_healing_that_staff_switch_off_later_asks_for_a_person(acme: Connection) -> None:
    incident = opened(acme)
    assert healing.take_due(10) == [incident.pk]
    Tenant.objects.update(heals_itself=False)
    said = healing.heal(incident.pk, lambda name, pk: "Restarted.")
    assert said == "Staff do not want the portal to heal this tenant by itself."
    incident.refresh_from_db()
    assert (incident.attempts, incident.next_attempt_at) == (0, None)
    assert incident.needs_person_since is not None
    assert Message.objects.filter(subject__contains="Needs a person").count() == 1


def test_one_that_is_not_to_heal_is_left_out_where_all_of_a_database_are_restarted(
    acme: Connection,
) -> None:
    other = live(cast.BOREALIS)
    Tenant.objects.filter(pk=acme.tenant_id).update(heals_itself=False)
    Connection.objects.update(state="DB_UNAVAILABLE")
    Incident.objects.create(
        kind=IncidentKind.DATABASE,
        text="It is away.",
        status=IncidentStatus.OPEN,
        suspected_at=NOW,
        opened_at=NOW,
    )
    restarted: list[int] = []

    def operate(name: str, pk: int) -> str:
        restarted.append(pk)
        return "Restarted."

    healing.heal(Incident.objects.get().pk, operate)
    assert restarted == [other.pk]


# --- how often it is looked at -------------------------------------------------------------------


def test_some_are_looked_at_each_minute_and_the_others_with_all(acme: Connection) -> None:
    live(cast.BOREALIS)
    waiting = cast.connect(cast.enrol(cast.CIRRUS), Stage.LINKING)
    closely_watched = Tenant.objects.filter(pk__in=[acme.tenant_id, waiting.tenant_id])
    closely_watched.update(look_every=LookEvery.MINUTE)
    assert closely.due(10, []) == [acme.pk]
    assert closely.due(10, [acme.pk]) == []
    OrmQ.objects.all().delete()
    tasks.check_incidents()
    assert [task.func() for task in OrmQ.objects.all()] == ["connect.tasks.refresh_connection"]
    Connection.objects.update(seen_at=timezone.now())
    assert closely.due(10, []) == []


def test_calls_that_are_kept_for_provisioning_are_not_spent_on_it(acme: Connection) -> None:
    Tenant.objects.update(look_every=LookEvery.MINUTE)
    ApiBudget.objects.create(peer=budget.CONNECT, remaining=1, seen_at=timezone.now())
    assert closely.due(10, []) == []
