"""The lists name what holds their rows up, as the rows' own pages do."""

import pytest
from django.test import Client

from connect.models import Connection, Rollout, Stage
from tenants import proof
from tenants.models import Proof, Switch, Tenant
from tests import cast
from tests.portal.admin import walk

pytestmark = pytest.mark.django_db
OFF = "Held up: The kill switch “Provisioning” is off: Heroku has an incident (mia)."


@pytest.fixture(autouse=True)
def _provisioning_is_off() -> None:
    Switch.objects.create(name="provisioning", on=False, why="Heroku has an incident", who="mia")


@pytest.mark.parametrize("model", [Tenant, Connection, Rollout])
def test_a_list_names_the_kill_switch(manager: Client, model: type) -> None:
    cast.connect(cast.enrol(cast.ACME), Stage.LINKING)
    Rollout.objects.create(author="mia", status="checking")
    assert OFF in manager.get(walk.page(model, "changelist")).content.decode()


def test_a_list_names_the_pause_of_a_roll_out(manager: Client) -> None:
    Rollout.objects.create(author="mia", status="paused", pause_reason="Too many failed.")
    html = manager.get(walk.page(Rollout, "changelist")).content.decode()
    assert "Too many failed." in html
    # The row is the roll-out's own.
    assert "is paused." not in html
    assert "Held up" not in html


def test_nobody_is_asked_to_approve_again_while_provisioning_is_off(operator: Client) -> None:
    tenant = cast.enrol(cast.CIRRUS, proof=Proof.NONE)
    connection = cast.connect(tenant, Stage.WAITING_FOR_PROOF)
    Connection.objects.filter(pk=connection.pk).update(
        waiting_on="subscriber", waiting_for="proof, or approval by staff"
    )
    url = walk.page(Tenant, "change", tenant.pk)
    assert "Approve the registration" in operator.get(url).content.decode()
    assert proof.approve(tenant.pk, "olga")
    html = operator.get(url).content.decode()
    assert "Approve the registration" not in html
    assert "Waiting for its next step (portal)." in html
    assert "Nothing has to be done." in html
