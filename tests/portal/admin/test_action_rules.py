"""When an action is possible, and what the work behind it leaves."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

import emulator as emulated
from connect.health import diagnose
from connect.models import BlockedKind, Connection, Stage, WaitingOn
from connect.operations import connection as operations
from portal.actions.subject import Subject
from tenants import messages
from tenants.models import Event, MessageKind, Proof, Tenant
from tests import cast
from tests.connect import fleet as fleets
from tests.connect.journey import Journey
from tests.portal.admin import ready
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
    if name == "unsnooze":
        tomorrow = timezone.now() + timedelta(days=1)
        Connection.objects.update(snoozed_until=tomorrow)
    if name == "acknowledge":
        path = f"connections/{member.connection.connection_id}/notifications"
        notification = {"event_type": "mapping-error", "message": "Account: BAD_CONFIG"}
        emulator.control("POST", path, notification)
        diagnose.fetch_notifications(member.connection)
    if name == "reauthorize":
        Connection.objects.update(state="UNAUTHORIZED")
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
    assert event.data.get("outcome", "done") == "done"


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


BLOCKED = {"stage": Stage.LIVE, "blocked_at": timezone.now()}
NOTHING_TO_ASK = "its block asks nothing of the subscriber"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (None, "it has no connection"),
        ({"stage": Stage.LIVE}, ""),
        ({"stage": Stage.WAITING_FOR_CONSENT, "waiting_on": WaitingOn.SUBSCRIBER}, ""),
        ({"stage": Stage.LINKING}, "there is no mail for this stage"),
        (BLOCKED | {"blocked_kind": BlockedKind.AUTHORIZATION_LOST}, ""),
        (BLOCKED | {"blocked_kind": BlockedKind.ROW_LIMIT}, NOTHING_TO_ASK),
        (BLOCKED | {"blocked_kind": BlockedKind.NO_PACKAGE}, NOTHING_TO_ASK),
        (BLOCKED | {"stage": Stage.WAITING_FOR_AUTHORIZATION}, NOTHING_TO_ASK),
        (BLOCKED | {"missing_access": ["“Modify All Data”"]}, ""),
    ],
)
def test_when_a_mail_can_be_sent_again(facts: dict[str, Any] | None, reason: str) -> None:
    connection = None if facts is None else Connection(**facts)
    assert ACTIONS["resend"].refusal(Subject(Tenant(), connection)) == reason


def test_what_is_refused_because_of_a_block_would_be_skipped_by_the_work() -> None:
    connection = ready_for("resend")
    for kind in BlockedKind:
        connection.blocked_at, connection.blocked_kind = timezone.now(), kind
        connection.blocked_reason = "It is blocked."
        connection.save()
        refusal = ACTIONS["resend"].refusal(Subject(connection.tenant, connection))
        assert (messages.resend(connection.tenant_id, "olga") is None) == bool(refusal), kind


def test_a_tenant_without_a_connection_is_skipped() -> None:
    assert ACTIONS["pause"].refusal(Subject(Tenant(), None)) == "it has no connection"


def test_sending_again_writes_the_mail_that_fits(operator: Client) -> None:
    connection = ready_for("resend")
    press(operator, connection.tenant, "resend")
    work_off(queued()[0])
    assert connection.tenant.messages.get().kind == MessageKind.SIGN_IN
