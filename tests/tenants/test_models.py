"""What the database itself refuses."""

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import Error
from django.utils import timezone

from tenants import timeline
from tenants.models import Event, EventKind, Proof, Tenant
from tests import cast

pytestmark = pytest.mark.django_db


def test_an_event_is_never_changed_or_removed() -> None:
    tenant = cast.enrol(cast.ACME)
    event = timeline.note(tenant, EventKind.REGISTERED, "Registered.")
    for change in (
        lambda: Event.objects.update(text="Rewritten."),
        event.delete,
        lambda: event.save(update_fields=["text"]),
    ):
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            change()
    assert Event.objects.get(pk=event.pk).text == "Registered."


@pytest.mark.parametrize("org_id", ["00DB00000002NDm", "00DB00000002NDmmam", "005B00000002NDmMAM"])
def test_a_tenant_has_an_org_id_of_18_characters(org_id: str) -> None:
    with pytest.raises(IntegrityError, match="tenant_org_id_has_18_characters"):
        cast.enrol({**cast.ACME, "org_id": org_id})


def test_an_org_is_one_tenant() -> None:
    cast.enrol(cast.ACME)
    with pytest.raises(IntegrityError):
        cast.enrol(cast.ACME)


def test_a_proof_has_a_time() -> None:
    tenant = cast.enrol(cast.ACME, proof=Proof.NONE)
    with pytest.raises(IntegrityError, match="tenant_proof_has_a_time"), transaction.atomic():
        Tenant.objects.update(proof=Proof.STAFF)
    with pytest.raises(IntegrityError, match="tenant_proof_has_a_time"), transaction.atomic():
        Tenant.objects.update(proven_at=timezone.now())
    tenant.prove(Proof.CONSENT, timezone.now())
    tenant.save()
    assert Tenant.objects.get().proof == Proof.CONSENT
