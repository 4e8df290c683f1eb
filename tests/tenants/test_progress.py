"""Where a subscriber stands."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from tenants import timeline
from tenants.models import Event, EventKind, GrantStatus, Proof, SalesforceGrant, Tenant
from tenants.progress import Turn, progress_of
from tests import cast
from tests.tenants.events import AUTHORIZED, BLOCKED, LIVE, READY


def grant(tenant: Tenant, status: GrantStatus = GrantStatus.ACTIVE) -> SalesforceGrant:
    return SalesforceGrant.objects.create(
        tenant=tenant,
        access_token="00Dfake!token",
        refresh_token="5Aepfake",
        instance_url="https://acme.my.salesforce.com",
        identity_url="https://login.salesforce.com/id/00D/005",
        username="ops@acme.example",
        user_id="005xx000001SwiUAAS",
        scopes="api id refresh_token",
        issued_at=timezone.now(),
        status=status,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "events", "turn", "current"),
    [
        (None, [], Turn.SIGN_IN, "sign_in"),
        (GrantStatus.ACTIVE, [], Turn.PORTAL, "authorize"),
        (GrantStatus.ACTIVE, [READY], Turn.AUTHORIZE, "authorize"),
        (None, [READY], Turn.SIGN_IN, "sign_in"),
        (GrantStatus.REFUSED, [READY], Turn.SIGN_IN, "sign_in"),
        (GrantStatus.ACTIVE, [READY, AUTHORIZED], Turn.PORTAL, "live"),
        (GrantStatus.ACTIVE, [READY, AUTHORIZED, BLOCKED], Turn.STAFF, "live"),
        (None, [BLOCKED], Turn.STAFF, "sign_in"),
        (GrantStatus.ACTIVE, [READY, AUTHORIZED, LIVE], Turn.DONE, ""),
        (GrantStatus.REFUSED, [READY, AUTHORIZED, LIVE], Turn.SIGN_IN, "sign_in"),
    ],
)
def test_the_turn_follows_from_the_facts(
    status: GrantStatus | None, events: list[Event], turn: Turn, current: str
) -> None:
    tenant = cast.enrol(cast.ACME, at=timezone.now() - timedelta(minutes=1))
    if status:
        grant(tenant, status)
    for each in events:
        timeline.note(tenant, EventKind(each.kind), "…", **each.data)
    found = progress_of(tenant)
    assert found.turn == turn
    assert found.lost == (status == GrantStatus.REFUSED)
    assert [each.name for each in found.milestones if each.is_current] == (
        [current] if current else []
    )
    assert found.is_moving == (turn == Turn.PORTAL)


@pytest.mark.django_db
def test_events_before_a_new_registration_are_ignored() -> None:
    tenant = cast.enrol(cast.ACME, at=timezone.now() - timedelta(days=1))
    timeline.note(tenant, EventKind.LIVE, "…", stage="live")
    tenant.registered_at = timezone.now()
    tenant.save()
    assert progress_of(tenant).live_at is None


@pytest.mark.django_db
def test_after_the_sign_in_a_tenant_that_staff_must_approve_waits_for_them(
    settings: Settings,
) -> None:
    settings.REGISTRATION_POLICY = "approval"
    tenant = cast.enrol(cast.ACME, proof=Proof.SIGNED)
    assert progress_of(tenant).turn == Turn.SIGN_IN
    grant(tenant)
    assert progress_of(tenant).turn == Turn.STAFF
