"""A locked tenant does not hold up what others write about it."""

import threading

import pytest
from django.db import connection, transaction

from tenants import proof, timeline
from tenants.models import Event, EventKind, Proof, Tenant
from tenants.signals import tenant_changed
from tests.cast import BOREALIS, enrol

pytestmark = pytest.mark.django_db(transaction=True)


def write_an_event(tenant: Tenant, trouble: list[Exception]) -> None:
    """Write on the tenant's timeline from a connection of its own, waiting for nobody."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '500ms'")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            timeline.note(tenant, EventKind.STAGE, "Somebody else's news.")
    except Exception as error:
        trouble.append(error)
    finally:
        connection.close()


def test_an_approval_under_way_does_not_hold_up_the_timeline() -> None:
    # It would be a deadlock: the reconciler holds the connection's row when it writes its event,
    # and the approval holds the tenant's row when it wakes the connection.
    tenant = enrol(BOREALIS, proof=Proof.NONE)
    trouble: list[Exception] = []

    def while_locked(**_: object) -> None:
        other = threading.Thread(target=write_an_event, args=(tenant, trouble))
        other.start()
        other.join()

    tenant_changed.connect(while_locked)
    try:
        proof.approve(tenant.pk, "olga")
    finally:
        tenant_changed.disconnect(while_locked)
    assert trouble == []
    assert Event.objects.filter(tenant=tenant, text="Somebody else's news.").exists()
