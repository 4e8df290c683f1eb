"""The milestones on a subscriber's page."""

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect.models import Condition, Stage, WaitingOn
from connect.standing import Facts, subscriber
from tenants.models import GrantStatus, Proof
from tenants.progress import progress_of
from tests import cast, standings

pytestmark = pytest.mark.django_db
NOW = timezone.now()
CONSENT = Facts(Stage.WAITING_FOR_CONSENT, NOW, WaitingOn.SUBSCRIBER)
READY = Facts(Stage.WAITING_FOR_AUTHORIZATION, NOW, WaitingOn.SUBSCRIBER)
LOADING = Facts(Stage.LOADING, NOW, WaitingOn.HEROKU)
LIVE = Facts(Stage.LIVE, NOW)
ACTIVE, REFUSED = GrantStatus.ACTIVE, GrantStatus.REFUSED


@pytest.mark.parametrize(
    ("status", "facts", "current", "moving"),
    [
        (None, CONSENT, "sign_in", False),
        (ACTIVE, CONSENT, "authorize", True),
        (ACTIVE, Facts(Stage.LINKING, NOW), "authorize", True),
        (ACTIVE, READY, "authorize", False),
        (REFUSED, READY, "authorize", False),
        (REFUSED, LOADING, "sign_in", False),
        (ACTIVE, LOADING, "live", True),
        (ACTIVE, LIVE, "", False),
        (REFUSED, LIVE, "sign_in", False),
        (ACTIVE, Facts(Stage.LIVE, NOW, condition=Condition.BROKEN), "live", False),
        (
            ACTIVE,
            Facts(Stage.LIVE, NOW, condition=Condition.NEEDS_AUTHORIZATION),
            "authorize",
            False,
        ),
        (ACTIVE, Facts(Stage.OFFBOARDING, NOW), "live", True),
    ],
)
def test_the_first_milestone_that_is_not_reached_now_is_the_current_one(
    status: GrantStatus | None, facts: Facts, current: str, moving: bool
) -> None:
    tenant = cast.enrol(cast.ACME)
    if status:
        standings.grant(tenant, status)
    standings.make(tenant, facts)
    found = progress_of(tenant)
    assert [each.name for each in found.milestones if each.is_current] == (
        [current] if current else []
    )
    assert found.is_moving == moving


def test_after_the_sign_in_a_tenant_that_staff_must_approve_waits_for_them(
    settings: Settings,
) -> None:
    settings.REGISTRATION_POLICY = "approval"
    tenant = cast.enrol(cast.ACME, proof=Proof.SIGNED)
    facts = Facts(Stage.WAITING_FOR_PROOF, NOW, WaitingOn.STAFF, "approval by staff")
    standings.make(tenant, facts)
    assert progress_of(tenant).said == subscriber.SIGN_IN
    standings.grant(tenant)
    assert progress_of(tenant).said == subscriber.APPROVAL
