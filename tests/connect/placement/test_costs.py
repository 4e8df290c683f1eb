"""What the add-ons cost a month: per tenant, per host app, for the fleet, and what is not live."""

from typing import Any

import pytest
from django.utils import timezone

from connect.clients.heroku import Addon
from connect.inventory import costs as billed
from connect.models import Connection, HostApp, Stage
from connect.placement import costs, rooms
from connect.placement.costs import Cost
from tests import cast

pytestmark = pytest.mark.django_db


def held(who: dict[str, str], stage: Stage, host: HostApp, cents: int | None) -> None:
    """Store a connection whose add-on was ordered."""
    tenant, at = cast.enrol(who), timezone.now()
    facts: dict[str, Any] = {"addon_name": f"hc-{who['name']}", "addon_id": who["name"]}
    if stage == Stage.LIVE:
        facts["organization_id"] = tenant.org_id
    if stage == Stage.OFFBOARDED:
        facts["offboarded_at"] = at
    facts |= {"host_app": host, "addon_requested_at": at, "monthly_cents": cents}
    cast.connect(tenant, stage, **facts)


@pytest.fixture
def hosts() -> list[HostApp]:
    """Two host apps: one with a live, an idle and a removed add-on, one with a contract."""
    first, second = cast.host_app(), HostApp.objects.create(name="isv-connect-2")
    held(cast.ACME, Stage.LIVE, first, 50_000)
    held(cast.BOREALIS, Stage.WAITING_FOR_CONSENT, first, 25_000)
    held(cast.CIRRUS, Stage.OFFBOARDED, first, 50_000)
    held(cast.DUNE, Stage.LINKING, second, None)
    return list(costs.annotated(rooms.annotated().order_by("pk")))


def test_a_host_app_costs_what_its_addons_cost(hosts: list[HostApp]) -> None:
    assert costs.of(hosts[0]) == Cost(cents=75_000, unpriced=0, idle=1, idle_cents=25_000)
    assert costs.of(hosts[1]) == Cost(cents=0, unpriced=1, idle=0, idle_cents=0)


def test_the_fleet_costs_what_its_host_apps_cost_together(hosts: list[HostApp]) -> None:
    fleet = costs.of(*hosts)
    assert fleet == Cost(cents=75_000, unpriced=1, idle=1, idle_cents=25_000)
    assert fleet.in_words == "$750.00 a month and 1 by contract"
    assert costs.of() == Cost(0, 0, 0, 0)


def test_the_filter_finds_what_costs_and_is_not_live(hosts: list[HostApp]) -> None:
    assert Connection.objects.get(costs.idle()).tenant.name == cast.BOREALIS["name"]


def test_a_new_price_of_heroku_replaces_the_old_one(hosts: list[HostApp]) -> None:
    seen = Addon(cast.ACME["name"], "hc", "provisioned", "herokuconnect:demo", 60_000)
    billed.note(hosts[0], [seen])
    assert Connection.objects.get(tenant__name=cast.ACME["name"]).monthly_cents == 60_000
    assert Connection.objects.get(tenant__name=cast.BOREALIS["name"]).monthly_cents == 25_000
