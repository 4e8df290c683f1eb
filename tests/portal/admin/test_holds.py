"""Each page of what waits names the reason."""

import re
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client

from connect.models import ApiBudget, Connection, Rollout, RolloutItem, Stage
from portal.models import BulkRun
from tenants.models import Switch, Tenant
from tests import cast
from tests.portal.admin import rows, walk

pytestmark = pytest.mark.django_db


def html_of(client: Client, row: Model) -> str:
    return client.get(walk.page(type(row), "change", row.pk)).content.decode()


@pytest.mark.parametrize("model", [Tenant, Connection])
def test_a_tenant_in_provisioning_names_the_switch(viewer: Client, model: Any) -> None:
    connection = rows.connection(cast.enrol(cast.ACME), Stage.LINKING)
    row = connection if model is Connection else connection.tenant
    assert "On hold" not in html_of(viewer, row)
    Switch.objects.create(name="provisioning", on=False, why="Heroku is ill", who="mia")
    assert "“Provisioning” is off: Heroku is ill (mia)." in html_of(viewer, row)


@pytest.mark.parametrize("model", [Tenant, Connection, Rollout])
def test_all_who_wait_for_a_paused_roll_out_name_it(viewer: Client, model: Any) -> None:
    connection = rows.connection(cast.enrol(cast.ACME))
    rollout = Rollout.objects.create(author="mia", status="paused", pause_reason="Look first.")
    RolloutItem.objects.create(rollout=rollout, connection=connection, wave=0, status="ready")
    row = {Tenant: connection.tenant, Connection: connection, Rollout: rollout}[model]
    html = html_of(viewer, row)
    assert "Look first." in html
    # The roll-out's own page neither names nor links itself.
    assert (f"Roll-out {rollout.pk} is paused." in html) == (model is not Rollout)
    address = walk.page(Rollout, "change", rollout.pk)
    assert (f'<li><a href="{address}">' in html) == (model is not Rollout)


def test_a_spent_budget_is_named_by_roll_outs_and_bulk_runs(viewer: Client) -> None:
    ApiBudget.objects.create(peer="heroku", remaining=40)
    rollout = Rollout.objects.create(author="mia", status="running")
    run = BulkRun.objects.create(action="pause", label="Pause", actor="olga", total=2)
    for row in (rollout, run):
        # The budget fills up by one each second.
        assert re.search(r"Heroku takes 4\d more calls now\.", html_of(viewer, row))
