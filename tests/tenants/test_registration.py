"""What a callout makes of a tenant, by what is known already."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect.models import Stage
from tenants import orgs, registration
from tenants import proof as proofs
from tenants.callout_data import CalloutData
from tenants.models import (
    Event,
    EventKind,
    Message,
    OrgVerdict,
    Proof,
    Source,
    Tenant,
)
from tenants.registration import CalloutAnswer
from tenants.signals import tenant_changed
from tests import cast

pytestmark = pytest.mark.django_db


def callout_data(**changes: str) -> CalloutData:
    values = {**cast.ACME, **changes}
    return CalloutData(values.pop("org_id"), values)


def register(*, signed: bool = False, **changes: str) -> CalloutAnswer:
    return registration.register(callout_data(**changes), signed=signed)


def hold_blocked(*, signed: bool, **changes: str) -> CalloutAnswer:
    return registration.hold_blocked(callout_data(**changes), signed=signed)


def events(tenant: Tenant) -> list[str]:
    return [event.kind for event in tenant.events.order_by("pk") if event.actor != "portal"]


@pytest.fixture
def changed() -> Iterator[list[Tenant]]:
    """The tenants of the signals to the apps above."""
    changed: list[Tenant] = []

    def listen(tenant: Tenant, **_: Any) -> None:
        changed.append(tenant)

    tenant_changed.connect(listen)
    yield changed
    tenant_changed.disconnect(listen)


@pytest.mark.parametrize(("signed", "proof"), [(True, Proof.SIGNED), (False, Proof.NONE)])
def test_a_new_org_becomes_a_tenant(changed: list[Tenant], signed: bool, proof: Proof) -> None:
    verdict = register(signed=signed)
    tenant = Tenant.objects.get()
    assert (verdict.status, verdict.tenant) == (202, tenant)
    assert (tenant.org_id, tenant.name) == (cast.ACME["org_id"], cast.ACME["name"])
    assert tenant.proof == proof
    assert (tenant.proven_at is not None) == signed
    assert events(tenant) == [EventKind.REGISTERED]
    assert changed == [tenant]


def test_the_same_data_again_creates_nothing_and_sends_no_signal(changed: list[Tenant]) -> None:
    for _ in range(3):
        assert register().status == 202
    assert Tenant.objects.count() == 1
    assert events(Tenant.objects.get()) == [EventKind.REGISTERED]
    assert len(changed) == 1


def test_what_a_callout_leaves_out_is_no_contradiction(settings: Settings) -> None:
    register()
    settings.FORCE_NAMESPACE = "new"
    brief = CalloutData(cast.ACME["org_id"], {"name": cast.ACME["name"]})
    assert registration.register(brief, signed=False).status == 202
    assert Tenant.objects.get().login_domain == cast.ACME["login_domain"]


@pytest.mark.parametrize("signed", [True, False])
def test_other_data_of_a_proven_org_is_a_conflict_for_staff(
    changed: list[Tenant], signed: bool
) -> None:
    tenant = cast.enrol(cast.ACME)
    for _ in range(2):
        verdict = register(signed=signed, admin_email="eve@evil.example", name="Acme")
        assert (verdict.status, verdict.tenant) == (409, tenant)
    tenant.refresh_from_db()
    assert tenant.admin_email == cast.ACME["admin_email"]
    event = tenant.events.get(kind=EventKind.CONFLICT)  # once, though it came twice
    assert event.data["changes"]["admin_email"] == [cast.ACME["admin_email"], "eve@evil.example"]
    assert event.data["signed"] is signed
    assert "name, admin_email" in event.text
    register(signed=signed, admin_email="mallory@evil.example")
    assert tenant.events.filter(kind=EventKind.CONFLICT).count() == 2
    assert changed == []


def test_an_unsigned_callout_cannot_replace_an_unsigned_one() -> None:
    register()
    assert register(admin_email="eve@evil.example").status == 409
    assert Tenant.objects.get().admin_email == cast.ACME["admin_email"]


def test_a_signed_callout_replaces_what_an_unsigned_one_claimed(changed: list[Tenant]) -> None:
    register(admin_email="eve@evil.example", name="Evil")
    assert register(signed=True).status == 202
    tenant = Tenant.objects.get()
    assert (tenant.admin_email, tenant.proof) == (cast.ACME["admin_email"], Proof.SIGNED)
    assert tenant.proven_at is not None
    assert events(tenant) == [EventKind.REGISTERED, EventKind.REGISTERED_AGAIN]
    assert "name, admin_email" in tenant.events.get(kind=EventKind.REGISTERED_AGAIN).text
    assert len(changed) == 2


def test_a_signed_callout_with_the_same_data_proves_the_org(changed: list[Tenant]) -> None:
    register()
    assert register(signed=True).status == 202
    assert Tenant.objects.get().proof == Proof.SIGNED
    assert len(changed) == 2


def test_a_signed_upgrade_only_notes_the_new_version() -> None:
    tenant = cast.enrol({**cast.ACME, "package_version": "1.0"})
    verdict = register(signed=True, package_version="1.1")
    assert verdict.status == 202
    tenant.refresh_from_db()
    assert tenant.package_version == "1.1"
    assert "from 1.0 to 1.1" in tenant.events.get(kind=EventKind.REGISTERED_AGAIN).text


def test_an_unsigned_upgrade_is_a_conflict() -> None:
    cast.enrol({**cast.ACME, "package_version": "1.0"})
    assert register(package_version="1.1").status == 409


@pytest.mark.parametrize("signed", [True, False])
def test_an_org_that_calls_while_it_is_being_off_boarded_reads_what_happens(signed: bool) -> None:
    tenant = cast.enrol({**cast.ACME, "package_version": "1.0"})
    ends_at = datetime(2027, 1, 4, 12, tzinfo=UTC)
    facts = {"ends_at": ends_at, "stage_before": Stage.LIVE, "organization_id": tenant.org_id}
    connection = cast.connect(tenant, Stage.GRACE, **facts)
    for _ in range(3):
        answer = register(signed=signed)
        assert answer.status == 202
        assert "is being off-boarded and ends at 4 Jan 2027, 12:00 UTC" in answer.message
    # Nothing is undone by it, and staff get one mail.
    connection.refresh_from_db()
    assert connection.stage == Stage.GRACE
    assert tenant.events.filter(kind=EventKind.RETURNED).count() == 1
    mail = tenant.messages.get()
    assert mail.subject.endswith("An org that is being off-boarded has called")
    assert "press “Undo off-boarding”" in mail.text


@pytest.fixture
def gone() -> Tenant:
    """A tenant that was off-boarded long ago."""
    long_ago = timezone.now() - timedelta(days=90)
    tenant = cast.enrol({**cast.ACME, "package_version": "1.0"}, proof=Proof.STAFF, at=long_ago)
    Tenant.objects.update(offboarded_at=long_ago + timedelta(days=1))
    return tenant


@pytest.mark.parametrize("signed", [True, False])
def test_an_off_boarded_org_that_calls_again_waits_for_staff(
    changed: list[Tenant], gone: Tenant, signed: bool
) -> None:
    for _ in range(3):
        assert register(signed=signed, admin_email="new@acme.example").status == 202
    gone.refresh_from_db()
    assert gone.offboarded_at is not None
    assert gone.admin_email == cast.ACME["admin_email"]
    assert gone.returned_at is not None
    assert gone.events.filter(kind=EventKind.RETURNED).count() == 1
    assert gone.messages.get().subject.endswith("An off-boarded org wants to come back")
    assert not gone.connections.exists()
    assert changed == []


@pytest.mark.parametrize(("signed", "proof"), [(True, Proof.SIGNED), (False, Proof.NONE)])
def test_staff_let_an_off_boarded_org_in_and_it_starts_over(
    changed: list[Tenant], gone: Tenant, signed: bool, proof: Proof
) -> None:
    register(signed=signed, admin_email="new@acme.example")
    assert registration.admit(gone.pk, "ada")
    gone.refresh_from_db()
    assert (gone.offboarded_at, gone.returned_at) == (None, None)
    assert gone.registered_at > timezone.now() - timedelta(minutes=1)
    assert gone.admin_email == "new@acme.example"
    assert gone.package_version == ""
    assert gone.proof == proof
    assert "Came back" in gone.events.get(kind=EventKind.REGISTERED).text
    assert len(changed) == 1
    assert not registration.admit(gone.pk, "ada")


def test_a_strangers_callout_does_not_replace_the_signed_one_that_waits(gone: Tenant) -> None:
    register(admin_email="eve@evil.example")
    register(signed=True, admin_email="new@acme.example")
    register(admin_email="eve@evil.example")
    registration.admit(gone.pk, "ada")
    gone.refresh_from_db()
    assert (gone.admin_email, gone.proof) == ("new@acme.example", Proof.SIGNED)


def test_the_connection_of_an_org_that_was_let_in_is_the_next_generation() -> None:
    register(signed=True)
    tenant = Tenant.objects.get()
    first = tenant.connections.get()
    now = timezone.now()
    tenant.connections.update(stage="offboarded", offboarded_at=now)
    Tenant.objects.update(offboarded_at=now)
    register(signed=True)
    registration.admit(tenant.pk, "ada")
    assert [each.generation for each in tenant.connections.order_by("pk")] == [1, 2]
    assert tenant.connections.get(offboarded_at=None).pk != first.pk


# --- blocked orgs --------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [True, False])
def test_a_blocked_org_cannot_register_and_staff_hear_of_it_once_a_day(signed: bool) -> None:
    orgs.decide(cast.ACME["org_id"], OrgVerdict.BLOCKED, actor="ada", why="Spam")
    for _ in range(2):
        assert hold_blocked(signed=signed).status == 202
    assert not Tenant.objects.exists()
    assert Message.objects.get().subject.endswith("A blocked org has called")
    assert orgs.lift(cast.ACME["org_id"], actor="ada")
    register(signed=signed)
    assert Tenant.objects.get().name == cast.ACME["name"]


def test_a_blocked_tenant_keeps_its_data_and_its_timeline_tells_who_blocked_it() -> None:
    tenant = cast.enrol(cast.ACME, proof=Proof.NONE)
    orgs.decide(tenant.org_id, OrgVerdict.BLOCKED, actor="ada", why="Spam")
    hold_blocked(signed=True, admin_email="new@acme.example")
    tenant.refresh_from_db()
    assert (tenant.admin_email, tenant.proof) == (cast.ACME["admin_email"], Proof.NONE)
    assert tenant.is_blocked
    event = tenant.events.get(kind=EventKind.STAFF_ACTION)
    assert (event.actor, event.text) == ("ada", "Blocked: Spam")
    assert tenant.events.filter(kind=EventKind.CONFLICT).count() == 1


def test_an_allowed_org_needs_a_proof_but_no_approval(settings: Settings) -> None:
    settings.REGISTRATION_POLICY = "approval"
    tenant = cast.enrol(cast.ACME, proof=Proof.NONE)
    orgs.decide(tenant.org_id, OrgVerdict.ALLOWED, actor="ada", why="A customer")
    assert not proofs.is_proven(tenant)
    tenant.prove(Proof.SIGNED, timezone.now())
    assert proofs.is_proven(tenant)
    assert not proofs.is_proven(cast.enrol(cast.DUNE))


# --- whose word counts ---------------------------------------------------------------------------


def test_a_signed_callout_replaces_a_strangers_after_the_sign_in_too() -> None:
    register(admin_email="eve@evil.example", name="Evil", namespace="evil")
    tenant = Tenant.objects.get()
    tenant.prove(Proof.CONSENT, timezone.now())
    tenant.take({"admin_email": "ada@acme.example"}, Source.SALESFORCE)
    tenant.save()
    assert register(signed=True).status == 202
    tenant.refresh_from_db()
    assert (tenant.name, tenant.namespace) == (cast.ACME["name"], "")
    # What Salesforce says of the person who signed in is nearer than the package's setting.
    assert (tenant.admin_email, tenant.proof) == ("ada@acme.example", Proof.CONSENT)
    assert register(signed=True).status == 202  # no conflict with what Salesforce said


def test_a_signed_callout_leaves_what_staff_have_edited() -> None:
    register(admin_email="eve@evil.example", name="Evil")
    tenant = Tenant.objects.get()
    tenant.take({"admin_email": "right@acme.example"}, Source.STAFF)
    tenant.save()
    assert register(signed=True).status == 202
    tenant.refresh_from_db()
    assert (tenant.name, tenant.admin_email) == (cast.ACME["name"], "right@acme.example")


def test_what_a_stranger_added_does_not_stay_beside_a_signed_callout() -> None:
    register(login_domain="evil.my.salesforce.com", package_version="6.6", installer_id="005" * 5)
    brief = CalloutData(cast.ACME["org_id"], {"name": "Acme", "admin_email": "ops@acme.example"})
    registration.register(brief, signed=True)
    tenant = Tenant.objects.get()
    assert (tenant.login_domain, tenant.package_version, tenant.installer_id) == ("", "", "")


def test_a_stranger_cannot_fill_the_timeline() -> None:
    tenant = cast.enrol(cast.ACME)
    for number in range(20):
        register(admin_email=f"eve{number}@evil.example")
    conflicts = tenant.events.filter(kind=EventKind.CONFLICT).count()
    assert conflicts == registration.CONFLICTS_PER_DAY


@pytest.mark.django_db(transaction=True)
def test_a_callout_waits_for_the_change_that_is_under_way() -> None:
    tenant = cast.enrol(cast.ACME, proof=Proof.NONE)

    def claim_other_data() -> int:
        try:
            return register(signed=True, admin_email="new@acme.example").status
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            proofs.approve(tenant.pk, "Ada")
            answer = threads.submit(claim_other_data)
            time.sleep(0.2)  # long enough for the callout to reach the row
        assert answer.result() == 202
    tenant.refresh_from_db()
    # The proof of the other transaction counts; approving is not editing, so the signature does.
    assert (tenant.proof, tenant.admin_email) == (Proof.STAFF, "new@acme.example")


@pytest.mark.parametrize(
    ("policy", "suffices"),
    [
        ("open", [Proof.NONE, Proof.SIGNED, Proof.CONSENT, Proof.STAFF]),
        ("signed", [Proof.SIGNED, Proof.CONSENT, Proof.STAFF]),
        ("approval", [Proof.STAFF]),
    ],
)
def test_the_policy_says_which_proof_suffices(
    settings: Settings, policy: str, suffices: list[Proof]
) -> None:
    settings.REGISTRATION_POLICY = policy
    assert [proof for proof in Proof if proofs.is_proven(Tenant(proof=proof))] == [
        proof for proof in Proof if proof in suffices
    ]


@pytest.mark.parametrize("proof", [Proof.NONE, Proof.SIGNED, Proof.CONSENT])
def test_staff_can_approve_after_any_earlier_proof(changed: list[Tenant], proof: Proof) -> None:
    tenant = cast.enrol(cast.ACME, proof=proof)
    for _ in range(2):
        proofs.approve(tenant.pk, "Ada")
    tenant.refresh_from_db()
    assert (tenant.proof, tenant.proven_at is not None) == (Proof.STAFF, True)
    event = Event.objects.get(kind=EventKind.APPROVED)
    assert (event.actor, event.text) == ("Ada", "Approved by Ada.")
    assert len(changed) == 1
