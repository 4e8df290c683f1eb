from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from django_q.models import OrmQ

from connect import connections, tasks
from connect.models import Connection, Stage
from tenants import sweeps
from tenants.models import Proof, Tenant
from tenants.signals import tenant_changed
from tenants.sweeps import REQUEUE_AFTER
from tests import cast
from tests.tenants.callouts import callout, post_signed

pytestmark = pytest.mark.django_db


def tell(tenant: Tenant) -> None:
    tenant_changed.send(sender=Tenant, tenant=tenant)


def test_news_of_a_tenant_makes_its_connection_once_and_queues_the_work() -> None:
    tenant = cast.enrol(cast.ACME)
    tell(tenant)
    tell(tenant)
    assert Connection.objects.get().stage == Stage.WAITING_FOR_PROOF
    assert OrmQ.objects.count() == 2


def test_a_registration_queues_one_task_and_the_sweep_no_second_one() -> None:
    assert post_signed(callout()).status_code == 202
    assert sweeps.run() == 0
    assert OrmQ.objects.count() == 1


def test_news_wakes_a_connection_that_waits_for_the_tenant() -> None:
    tenant = cast.enrol(cast.ACME)
    cast.connect(tenant, Stage.WAITING_FOR_CONSENT, next_attempt_at=None)
    tell(tenant)
    assert Connection.objects.get().next_attempt_at is not None
    assert sweeps.run() == 0
    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize("stage", [Stage.LINKING, Stage.LIVE])
def test_news_changes_nothing_for_a_connection_that_does_not_wait_for_it(stage: Stage) -> None:
    tenant = cast.enrol(cast.ACME)
    facts = {"organization_id": tenant.org_id} if stage == Stage.LIVE else {}
    # A step on its way has a next attempt; without one it waits for staff to lift a block.
    later = timezone.now() + timedelta(hours=1) if stage == Stage.LINKING else None
    cast.connect(tenant, stage, next_attempt_at=later, **facts)
    tell(tenant)
    assert Connection.objects.get().next_attempt_at == later
    assert OrmQ.objects.count() == 0


def test_an_off_boarded_tenant_gets_no_new_connection() -> None:
    tenant = cast.enrol(cast.ACME)
    tenant.offboarded_at = timezone.now()
    tenant.save()
    tell(tenant)
    assert not Connection.objects.exists()


def test_a_tenant_that_comes_back_gets_the_next_generation() -> None:
    tenant = cast.enrol(cast.ACME)
    cast.connect(tenant, Stage.OFFBOARDED, offboarded_at=timezone.now())
    tell(tenant)
    current = connections.current(tenant)
    assert current is not None
    assert current.generation == 2


def test_the_sweep_queues_what_is_due_once_and_again_when_the_task_was_lost() -> None:
    cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    cast.connect(cast.enrol(cast.BOREALIS), Stage.LINKING, next_attempt_at=None)
    assert sweeps.run() == 1
    assert sweeps.run() == 0
    with time_machine.travel(timezone.now() + REQUEUE_AFTER + timedelta(seconds=1)):
        assert sweeps.run() == 1


def test_a_tenant_without_a_connection_is_found() -> None:
    cast.enrol(cast.ACME, proof=Proof.NONE)
    assert tasks.ensure_connections() == 1
    assert tasks.ensure_connections() == 0
    assert Connection.objects.count() == 1
