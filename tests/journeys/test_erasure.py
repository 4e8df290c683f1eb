"""A manager exports and erases a tenant; nothing of it is left but the record."""

import json

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection as database
from django.db import models
from django.test import Client

import emulator as emulated
from connect import connections, tasks
from connect.models import Connection, Stage
from connect.operations import connection as operations
from portal import roles
from portal.models import AuditEntry, AuditKind, BulkItem, BulkRun
from tenants import whole
from tenants.models import Callout, Erasure, Event, Proof, Tenant, digest_of
from tests import cast, queue
from tests.connect.journey import Journey
from tests.connect.refreshing import refresh_all
from tests.journeys.test_secrets import everything_stored, leaks
from tests.portal.admin import rows, walk
from tests.portal.admin.conftest import (  # noqa: F401  (fixtures)
    SignIn,
    _roles,
    manager,
    operator,
    sign_in,
    viewer,
)

pytestmark = pytest.mark.django_db(transaction=True)
MARKS = ["ops@acme.example", "Söhne", cast.ACME["org_id"][:15], cast.ACME["org_id"].lower()]


@pytest.fixture
def gone(emulator: emulated.Running) -> Journey:
    """Acme, which was live, with a conflict, and is off-boarded with its schema kept."""
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    journey.reach(Stage.LIVE)
    refresh_all()
    tasks.maintain_health()
    tasks.check_incidents()
    queue.drain()
    journey.offboard()
    journey.reach(Stage.OFFBOARDED)
    Callout.objects.create(body=b'{"org_id": "%s"' % cast.ACME["org_id"].encode())
    return journey


def press_erase(client: Client, *tenants: Tenant) -> None:
    """Press the button on one tenant's page, or in the list for several; the worker does it."""
    name = str(tenants[0]) if len(tenants) == 1 else f"{len(tenants)} tenants"
    confirmed = {"confirmed": "1", "typed": name}
    if len(tenants) == 1:
        address = walk.page(Tenant, "act", tenants[0].pk, "erase")
        assert client.post(address, confirmed).status_code == 302
    else:
        chosen = {"action": "erase", "_selected_action": [each.pk for each in tenants]}
        client.post(walk.page(Tenant, "changelist"), {**chosen, **confirmed})
    queue.drain()


def test_after_an_erasure_only_its_record_is_left(gone: Journey, manager: Client) -> None:  # noqa: F811
    assert leaks(everything_stored(), MARKS)
    number = gone.tenant.pk
    press_erase(manager, gone.tenant)
    assert not Tenant.objects.exists()
    # The audit trail of staff keeps what they pressed, for as long as its own setting says.
    left = (each for each in everything_stored() if each[0] != "portal_auditentry")
    assert leaks(left, MARKS) == []
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'sf\\_%'")
        assert cursor.fetchone() == (0,)
    record = Erasure.objects.get()
    assert (record.actor, record.tenant_number) == ("mia", number)
    assert record.org_digest == digest_of(cast.ACME["org_id"])
    assert record.counts["tenants.Event"] > 5
    run = BulkRun.objects.get(action="erase")
    assert (run.actor, run.about) == ("mia", "an erased tenant")
    assert BulkItem.objects.get(run=run).status == "done"


def test_an_org_that_comes_back_gets_a_schema_of_a_new_name(
    gone: Journey,
    manager: Client,  # noqa: F811
) -> None:
    press_erase(manager, gone.tenant)
    again = cast.enrol(cast.ACME)
    connection = connections.ensure(again.pk)
    assert connection is not None
    assert connection.generation == 2


def test_another_tenant_is_not_touched(gone: Journey, manager: Client) -> None:  # noqa: F811
    other = cast.enrol(cast.BOREALIS)
    cast.connect(other)
    Event.objects.create(tenant=other, kind="waiting", text="x")
    press_erase(manager, gone.tenant)
    assert Tenant.objects.get() == other
    assert Connection.objects.get().tenant == other
    assert Event.objects.filter(tenant=other).exists()


def test_a_tenant_with_an_add_on_is_refused(
    emulator: emulated.Running,
    manager: Client,  # noqa: F811
) -> None:
    journey = Journey(emulator, cast.ACME, Proof.SIGNED)
    journey.reach(Stage.WAITING_FOR_CONSENT)
    press_erase(manager, journey.tenant)
    page = manager.get(walk.page(Tenant, "change", journey.tenant.pk)).content.decode()
    assert "it is not off-boarded yet" in page
    operations.operate("offboard", journey.connection.pk, "mia", {"schema_fate": "keep"})
    press_erase(manager, journey.tenant)
    page = manager.get(walk.page(Tenant, "change", journey.tenant.pk)).content.decode()
    assert "press “Off-board now” first" in page
    assert not Erasure.objects.exists()


def test_junk_registrations_are_removed_from_the_list(manager: Client) -> None:  # noqa: F811
    tenants = [cast.enrol(who, proof=Proof.NONE) for who in (cast.ACME, cast.BOREALIS)]
    for each in tenants:
        cast.connect(each)
    kept = cast.enrol(cast.CIRRUS)
    press_erase(manager, *tenants)
    assert Tenant.objects.get() == kept
    assert Erasure.objects.count() == 2


@pytest.mark.parametrize("role", [roles.VIEWER, roles.OPERATOR])
def test_only_a_manager_may_export_and_erase(gone: Journey, sign_in: SignIn, role: str) -> None:  # noqa: F811
    client = sign_in(role)
    data = f"/admin/tenants/tenant/{gone.tenant.pk}/data/"
    address = walk.page(Tenant, "act", gone.tenant.pk, "erase")
    assert client.post(address, {"confirmed": "1"}).status_code == 403
    assert client.post(data).status_code == 403
    assert data not in client.get(walk.page(Tenant, "change", gone.tenant.pk)).content.decode()
    assert Client().post(data).status_code == 302
    assert Tenant.objects.exists()


def test_the_export_holds_every_row_and_no_token(db: None, manager: Client) -> None:  # noqa: F811
    tenants = rows.five()
    acme = tenants["acme"]
    page = manager.get(walk.page(Tenant, "change", acme.pk)).content.decode()
    address = f"/admin/tenants/tenant/{acme.pk}/data/"
    assert f'method="post" action="{address}"' in page
    assert manager.get(address).status_code == 405
    answer = manager.post(address)
    assert answer["Content-Disposition"].startswith("attachment")
    text = b"".join(answer).decode()
    found = json.loads(text)
    assert found["tenants.Tenant"][0]["org_id"] == acme.org_id
    assert len(found["tenants.Event"]) == acme.events.count()
    assert {each.model._meta.label for each in whole.rows_of(acme)} == found.keys()
    assert rows.ACCESS_TOKEN not in text
    assert "borealis" not in text.lower()


def test_the_export_needs_the_proof_and_is_in_the_trail(db: None, manager: Client) -> None:  # noqa: F811
    acme = rows.five()["acme"]
    address = f"/admin/tenants/tenant/{acme.pk}/data/"
    old = Client()
    old.force_login(User.objects.get())
    assert old.post(address)["Location"].startswith("/admin/account/again/")
    assert not AuditEntry.objects.filter(kind=AuditKind.EXPORTED).exists()
    manager.post(address)
    entry = AuditEntry.objects.get(kind=AuditKind.EXPORTED)
    assert (entry.actor, entry.about) == (User.objects.get().username, str(acme))


def test_every_model_that_leads_to_a_tenant_is_found() -> None:
    tenant = Tenant(pk=1)
    found = {each.model for each in whole.rows_of(tenant)}
    pointing = {
        model
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model in (Tenant, Connection)
    }
    assert pointing <= found
