"""Registrations that nobody proves are capped, and go after some days."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from connect import junk
from connect.models import Connection, Stage
from tenants.models import Erasure, Message, Proof, Tenant
from tests import cast
from tests.tenants.callouts import callout, post, post_signed

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.mark.parametrize(
    ("days", "proof", "stage", "kept"),
    [
        (31, Proof.NONE, Stage.WAITING_FOR_PROOF, False),
        (29, Proof.NONE, Stage.WAITING_FOR_PROOF, True),
        (31, Proof.SIGNED, Stage.WAITING_FOR_PROOF, True),
        (31, Proof.NONE, Stage.LINKING, True),  # under the policy “open”
    ],
)
def test_what_nobody_proves_goes_after_its_days_with_a_record(
    days: int, proof: Proof, stage: Stage, kept: bool
) -> None:
    tenant = cast.enrol(cast.ACME, proof=proof)
    cast.connect(tenant)
    Connection.objects.update(stage=stage)
    Tenant.objects.update(registered_at=NOW - timedelta(days=days))
    assert junk.prune(NOW) == (not kept)
    assert Tenant.objects.exists() == kept
    assert Erasure.objects.count() == (not kept)


def test_junk_is_capped_and_a_signed_callout_still_gets_in(settings: Settings) -> None:
    settings.UNPROVEN_TENANTS = 1
    assert post(callout(cast.ACME)).status_code == 202
    for _ in range(2):
        assert post(callout(cast.BOREALIS)).status_code == 429
    # Also of a known org: a stranger must not learn which orgs are registered.
    assert post(callout(cast.ACME)).content == post(callout(cast.BOREALIS)).content
    assert Tenant.objects.count() == 1
    assert Message.objects.filter(kind="portal").count() == 1
    assert post_signed(callout(cast.BOREALIS)).status_code == 202
