"""Every step of provisioning against the emulator."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

import emulator as emulated
from connect.models import Stage, WaitingOn
from connect.provisioning import reconciler
from tenants.models import Message, MessageKind, Proof
from tests import cast
from tests.connect.journey import Journey

pytestmark = pytest.mark.django_db


def test_a_signed_tenant_goes_from_callout_to_live(journey: Journey) -> None:
    seen = journey.reach(Stage.LIVE)
    assert seen.schema_name == "sf_00db00000002ndmmam_1"
    assert seen.organization_id == journey.org_id
    assert {m.object_name: m.state for m in seen.mappings.all()} == {
        "Account": "DATA_SYNCED",
        "Contact": "DATA_SYNCED",
        "Tweet__c": "DATA_SYNCED",
        "Connection__c": "DATA_SYNCED",
    }
    assert seen.samples.count() >= 1
    kinds = set(Message.objects.values_list("kind", flat=True))
    assert kinds == {MessageKind.SIGN_IN, MessageKind.AUTHORIZE, MessageKind.LIVE}


def test_a_provisioned_tenant_costs_six_remote_calls_at_heroku(journey: Journey) -> None:
    journey.reach(Stage.LIVE)
    unsafe = [
        call
        for call in journey.running.calls()
        if call["system"] in ("heroku", "central", "region")
        and call["method"] != "GET"
        and "/oauth/" not in call["path"]
    ]
    assert [call["method"] for call in unsafe] == ["POST", "POST", "PATCH", "POST", "POST"]
    # The sixth is the one look that confirms the PATCH; every other GET is a poll.


def test_a_package_with_a_namespace_gets_namespaced_mappings(emulator: emulated.Running) -> None:
    journey = Journey(emulator, cast.CIRRUS, Proof.STAFF)
    seen = journey.reach(Stage.LIVE)
    names = set(seen.mappings.values_list("object_name", flat=True))
    assert names == {"Account", "Contact", "hcmc__Tweet__c", "hcmc__Connection__c"}


def test_an_unsigned_tenant_is_proven_by_its_own_admins_sign_in(
    emulator: emulated.Running,
) -> None:
    journey = Journey(emulator, cast.BOREALIS, Proof.NONE)
    seen = journey.advance()
    assert (seen.stage, seen.waiting_on) == (Stage.WAITING_FOR_PROOF, WaitingOn.SUBSCRIBER)
    assert journey.calls("POST", "/addons") == 0
    journey.admin.sign_in(journey.tenant)
    journey.tenant.refresh_from_db()
    assert journey.tenant.proof == Proof.CONSENT
    journey.reach(Stage.LIVE)
    assert Message.objects.filter(kind=MessageKind.SIGN_IN).count() == 1


@pytest.mark.parametrize("policy", ["approval", "open"])
def test_the_policy_decides_what_proof_is_enough(
    emulator: emulated.Running, settings: Any, policy: str
) -> None:
    settings.REGISTRATION_POLICY = policy
    proof = Proof.SIGNED if policy == "approval" else Proof.NONE
    seen = Journey(emulator, cast.BOREALIS, proof).advance()
    assert (seen.stage == Stage.WAITING_FOR_PROOF) is (policy == "approval")


def test_an_admin_who_does_not_sign_in_is_reminded_three_times(journey: Journey) -> None:
    journey.reach(Stage.WAITING_FOR_CONSENT)
    for day in range(30):
        with time_machine.travel(timezone.now() + timedelta(days=day, minutes=1)):
            reconciler.advance(journey.connection.pk)
    assert Message.objects.filter(kind=MessageKind.SIGN_IN_REMINDER).count() == 3
    assert Message.objects.filter(kind=MessageKind.SIGN_IN).count() == 1
