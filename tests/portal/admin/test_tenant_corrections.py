"""Corrections of a tenant's data: who may make which, and the event of each."""

import pytest
from django.test import Client

from tenants.models import Event, EventKind, LookEvery, Proof, Tenant
from tests import cast
from tests.portal.admin import walk

pytestmark = pytest.mark.django_db
AS_IT_IS = {
    "name": cast.ACME["name"],
    "admin_email": cast.ACME["admin_email"],
    "environment": "production",
    "login_domain": cast.ACME["login_domain"],
    "namespace": "",
    "alert_to": "",
    "heals_itself": "on",
    "look_every": "5",
}


def save(client: Client, tenant: Tenant, **changes: str) -> int:
    """Send a tenant's form with some values changed; 302 means that it was taken."""
    url = walk.page(Tenant, "change", tenant.pk)
    return client.post(url, {**AS_IT_IS, **changes}).status_code


def test_a_correction_is_noted_with_the_persons_name(
    operator: Client, five: dict[str, Tenant]
) -> None:
    assert save(operator, five["acme"], admin_email="it@acme.example", namespace="acme") == 302
    event = Event.objects.get()
    assert (event.kind, event.actor) == (EventKind.STAFF_ACTION, "olga")
    assert event.text == (
        "Changed Admin's e-mail from “ops@acme.example” to “it@acme.example”, "
        "Namespace from “” to “acme”."
    )
    assert event.data["changes"]["namespace"] == ["", "acme"]
    five["acme"].refresh_from_db()
    assert five["acme"].admin_email == "it@acme.example"


def test_saving_what_was_there_notes_nothing(operator: Client, five: dict[str, Tenant]) -> None:
    assert save(operator, five["acme"]) == 302
    assert not Event.objects.exists()


def test_a_correction_does_not_overwrite_a_newer_change(
    operator: Client, five: dict[str, Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = Tenant.save

    def approve_before_saving(tenant: Tenant, **options: object) -> None:
        Tenant.objects.filter(pk=tenant.pk).update(proof=Proof.STAFF)
        stale(tenant, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Tenant, "save", approve_before_saving)
    save(operator, five["acme"], name="Acme")
    after = Tenant.objects.get(pk=five["acme"].pk)
    assert (after.name, after.proof) == ("Acme", Proof.STAFF)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": ""}, "This field is required."),
        ({"admin_email": "nobody"}, "Enter a valid email address."),
        ({"login_domain": "evil.example"}, "under .my.salesforce.com"),
        ({"namespace": "1st"}, "begins with a letter"),
        ({"environment": "custom", "login_domain": ""}, "needs the org&#x27;s My Domain"),
        ({"environment": "moon"}, "not one of the available choices"),
        ({"alert_to": "it@isv.example, nobody"}, "nobody is not an e-mail address."),
        ({"alert_to": ",".join(f"a{n}@b.example" for n in range(6))}, "Give 5 addresses"),
        ({"look_every": "3"}, "not one of the available choices"),
    ],
)
def test_what_a_callout_may_not_say_staff_may_not_either(
    operator: Client, five: dict[str, Tenant], changes: dict[str, str], complaint: str
) -> None:
    url = walk.page(Tenant, "change", five["acme"].pk)
    answer = operator.post(url, {**AS_IT_IS, **changes})
    assert answer.status_code == 200
    assert complaint in answer.content.decode()
    assert not Event.objects.exists()


def test_staff_say_how_a_tenant_is_looked_after(operator: Client, five: dict[str, Tenant]) -> None:
    wanted = {"alert_to": "kam@isv.example,kam@isv.example, on.call@isv.example", "look_every": "1"}
    assert save(operator, five["acme"], **wanted, heals_itself="") == 302
    acme = Tenant.objects.get(pk=five["acme"].pk)
    assert acme.alert_addresses == ["kam@isv.example", "on.call@isv.example"]
    assert (acme.heals_itself, acme.look_every) == (False, LookEvery.MINUTE)
    assert (
        "Also alerted from “” to “kam@isv.example, on.call@isv.example”" in Event.objects.get().text
    )
    # Nobody gave these: no callout could.
    assert not acme.sources.keys() & wanted.keys()


def test_only_what_the_form_has_can_be_corrected(operator: Client, five: dict[str, Tenant]) -> None:
    save(operator, five["cirrus"], org_id="00D5g0000000009EAA", proof="staff", name="Cirrus")
    cirrus = Tenant.objects.get(pk=five["cirrus"].pk)
    assert (cirrus.org_id, cirrus.proof) == (cast.CIRRUS["org_id"], Proof.NONE)


def test_a_viewer_corrects_nothing(viewer: Client, five: dict[str, Tenant]) -> None:
    assert save(viewer, five["acme"], name="Mine") == 403
    page = viewer.get(walk.page(Tenant, "change", five["acme"].pk)).content.decode()
    assert 'name="_save"' not in page


def test_nobody_adds_a_tenant_by_hand(manager: Client) -> None:
    assert manager.get(walk.page(Tenant, "add")).status_code == 403
