"""When an action is possible, and what the work behind it leaves."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

import emulator as emulated
from connect.health import diagnose
from connect.models import Connection, Health, Stage
from connect.operations import connection as operations
from portal.actions.started import STARTS
from portal.actions.subject import Subject
from portal.models import BulkItem
from tenants import messages, recipients
from tenants.models import Event, MessageKind, Proof, StoppedRecipient, Tenant
from tests import cast, standings
from tests.connect import fleet as fleets
from tests.connect.journey import Journey
from tests.portal.admin import ready, rows
from tests.portal.admin.pressing import ACTIONS, press, ready_for, work_off
from tests.queue import queued

pytestmark = pytest.mark.django_db


def at_work(emulator: emulated.Running, name: str) -> Connection:
    """Make Acme, here and at Heroku Connect, ready for an action."""
    if name == "approve":
        return Journey(emulator, cast.ACME, Proof.NONE).reach(Stage.WAITING_FOR_PROOF)
    if name in ("retry", "resend"):
        return Journey(emulator, cast.ACME, Proof.SIGNED).reach(Stage.WAITING_FOR_CONSENT)
    if name == "overwrite":
        emulator.behave(confirmation_required=True)
        return Journey(emulator, cast.ACME, Proof.SIGNED).advance()
    member = fleets.Fleet(emulator, fleets.version(fleets.FIRST)).add(cast.ACME)
    if name == "resume":
        operations.operate("pause", member.connection.pk, "olga", {})
    if name in ("undo_offboarding", "end_grace"):
        Connection.objects.update(addon_requested_at=timezone.now())
        operations.operate("offboard", member.connection.pk, "olga", {"schema_fate": "keep"})
    if name == "unsnooze":
        tomorrow = timezone.now() + timedelta(days=1)
        Connection.objects.update(snoozed_until=tomorrow)
    if name == "acknowledge":
        path = f"connections/{member.connection.connection_id}/notifications"
        notification = {"event_type": "mapping-error", "message": "Account: BAD_CONFIG"}
        emulator.control("POST", path, notification)
        diagnose.fetch_notifications(member.connection)
    if name in ("reauthorize", "link"):
        Connection.objects.update(state=ready.STATES[name]["state"])
    if name in ("undo_offboarding", "end_grace"):
        Connection.objects.update(**ready.LEAVING)
    ready.prepare(name, member.connection.tenant)
    return member.now()


# An erasure takes the timeline along, and leaves a record of its own (journeys/test_erasure.py).
@pytest.mark.parametrize("name", [name for name in ACTIONS if name != "erase"])
def test_the_work_leaves_an_event_with_the_persons_name(
    manager: Client, emulator: emulated.Running, name: str
) -> None:
    connection = at_work(emulator, name)
    OrmQ.objects.all().delete()
    assert press(manager, connection.tenant, name).status_code == 302
    (task,) = queued()
    work_off(task)
    event = Event.objects.filter(actor="mia").last()
    assert event is not None
    assert event.tenant == connection.tenant
    assert event.data.get("outcome", "done") in ("done", "started")
    # What nobody would ask for its end would stay started for ever.
    assert (BulkItem.objects.get().status == "started") == (name in STARTS)


# --- the rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "proof", "gone", "reason"),
    [
        ("signed", Proof.NONE, False, ""),
        ("signed", Proof.SIGNED, False, "it needs no approval"),
        ("approval", Proof.SIGNED, False, ""),
        ("approval", Proof.STAFF, False, "it is already approved"),
        ("open", Proof.NONE, False, "it needs no approval"),
        ("signed", Proof.NONE, True, "it is off-boarded"),
    ],
)
def test_who_can_be_approved(
    settings: Settings, policy: str, proof: Proof, gone: bool, reason: str
) -> None:
    settings.REGISTRATION_POLICY = policy
    tenant = cast.enrol(cast.ACME, proof=proof)
    tenant.offboarded_at = tenant.registered_at if gone else None
    assert ACTIONS["approve"].refusal(Subject(tenant, None)) == reason


EVERY = {seen.key: (facts, seen) for facts, seen in standings.EVERY}


@pytest.mark.parametrize("key", EVERY)
def test_the_button_that_stands_out_is_possible_in_every_state(key: str) -> None:
    facts, seen = EVERY[key]
    tenant = cast.enrol(cast.ACME, proof=Proof.NONE)
    subject = Subject(tenant, standings.make(tenant, facts))
    standings.sign_in(tenant, seen)
    if seen.remedy.action:
        assert ACTIONS[seen.remedy.action].refusal(subject) == ""


@pytest.mark.parametrize("key", EVERY)
def test_a_mail_is_offered_exactly_where_one_would_be_sent(key: str) -> None:
    facts, seen = EVERY[key]
    tenant = cast.enrol(cast.ACME)
    connection = standings.make(tenant, facts)
    standings.sign_in(tenant, seen)
    refusal = ACTIONS["resend"].refusal(Subject(tenant, connection))
    message = messages.resend(tenant.pk, "olga") if connection else None
    assert (message is None) == bool(refusal)


def test_no_mail_is_offered_to_a_recipient_who_said_not_me() -> None:
    tenant = cast.enrol(cast.ACME, proof=Proof.NONE)
    connection = rows.connection(tenant, **ready.STATES["resend"])
    StoppedRecipient.objects.create(tenant=tenant, digest=recipients.digest_of(tenant.admin_email))
    refusal = ACTIONS["resend"].refusal(Subject(tenant, connection))
    assert refusal == (
        "the recipient says that the registration is not theirs: correct the address"
    )


@pytest.mark.parametrize(
    ("state", "unseen", "reason"),
    [
        ("IDLE", False, "it is linked: Heroku Connect has its access to the app"),
        ("HEROKU_UNAUTH", False, ""),
        ("IDLE", True, ""),  # nobody knows by now
    ],
)
def test_a_connection_that_is_linked_is_not_linked_again(
    state: str, unseen: bool, reason: str
) -> None:
    connection = ready_for("pause")
    connection.state = state
    unknown_since = timezone.now() if unseen else None
    Health.objects.update_or_create(
        connection=connection, defaults={"unknown_since": unknown_since}
    )
    assert ACTIONS["link"].refusal(Subject(connection.tenant, connection)) == reason


def test_what_would_be_skipped_because_of_other_rows_is_not_offered() -> None:
    connection = ready_for("pause")
    subject = Subject(connection.tenant, connection)
    assert ACTIONS["acknowledge"].refusal(subject) == "no notification waits"
    assert ACTIONS["diagnose"].refusal(subject) == ""
    connection.diagnoses.create(actor="olga")
    assert "running already" in ACTIONS["diagnose"].refusal(subject)


def test_a_tenant_without_a_connection_is_skipped() -> None:
    assert ACTIONS["pause"].refusal(Subject(Tenant(), None)) == "it has no connection"


def test_sending_again_writes_the_mail_that_fits(operator: Client) -> None:
    connection = ready_for("resend")
    press(operator, connection.tenant, "resend")
    work_off(queued()[0])
    assert connection.tenant.messages.get().kind == MessageKind.SIGN_IN
