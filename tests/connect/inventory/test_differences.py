"""The comparison as a table: what Heroku has, what our rows say, what differs."""

from typing import Any

import pytest
from django.utils import timezone

from connect import addons
from connect.clients.heroku import Addon
from connect.clients.heroku_connect import ConnectionSummary
from connect.inventory import differences
from connect.models import Connection, Stage
from tenants.models import Tenant
from tests import cast

ACME = cast.ACME["org_id"]
HOST = 5
REGION = "https://connect-us.heroku.com"


def addon(name: str, *, id: str = "a1", plan: str = "herokuconnect:demo", **facts: str) -> Addon:
    return Addon(id=id, name=name, state=facts.get("state", "provisioned"), plan=plan)


def ours(generation: int = 1, **facts: str) -> Addon:
    return addon(addons.name_for(ACME, generation), **facts)


def summary(of: Addon, *, id: str = "c1") -> ConnectionSummary:
    return ConnectionSummary(id=id, resource_name=of.name, region_url=REGION)


def row(**facts: Any) -> Connection:
    known = {
        "pk": 7,
        "host_app_id": HOST,
        "tenant": Tenant(pk=3, **cast.ACME),
        "stage": Stage.LIVE,
        "addon_name": addons.name_for(ACME, 1),
        "addon_id": "a1",
        "addon_requested_at": timezone.now(),
        "connection_id": "c1",
        "region_url": REGION,
    }
    return Connection(**{**known, **facts})


def not_ordered() -> Connection:
    nothing = {"addon_name": "", "addon_id": "", "connection_id": "", "addon_requested_at": None}
    return row(stage=Stage.WAITING_FOR_PROOF, **nothing)


def kinds(
    listed: list[Addon], before: list[Connection], after: list[Connection] | None = None
) -> list[str]:
    summaries = [summary(each) for each in listed]
    found = differences.find(HOST, listed, summaries, before, before if after is None else after)
    return [each.kind.value for each in found]


CASES: dict[str, tuple[list[Addon], list[Connection], list[str]]] = {
    "all is as it should be": ([ours()], [row()], []),
    "nothing anywhere": ([], [], []),
    "an add-on of ours without a row": ([ours()], [], ["orphan"]),
    "an add-on of ours whose row has not ordered": ([ours()], [not_ordered()], ["orphan"]),
    "an add-on of Heroku Connect with a name of its own": ([addon("odd-1")], [], ["orphan"]),
    "an add-on of another service": ([addon("db-1", plan="heroku-postgresql:mini")], [], []),
    "an add-on that is going": ([ours(state="deprovisioning")], [], []),
    "a second add-on of a tenant": ([ours(), ours(2, id="a2")], [row()], ["doubled"]),
    "the next add-on of a tenant whose own is missing": (
        [ours(2, id="a2")],
        [row()],
        ["orphan", "missing"],
    ),
    "a row without its add-on": ([], [row()], ["missing"]),
    "a row that creates its add-on": ([], [row(stage=Stage.CREATING_ADDON, addon_id="")], []),
    "a row that deletes its add-on": ([], [row(stage=Stage.OFFBOARDING)], []),
    "an add-on that was renamed": ([addon("other-1")], [row()], ["changed"]),
    "an add-on that was replaced": ([ours(id="a9")], [row()], ["changed"]),
    "a connection with another id": ([ours()], [row(connection_id="c9")], ["changed"]),
}


@pytest.mark.parametrize("case", CASES)
def test_each_difference_is_found(case: str) -> None:
    listed, rows, expected = CASES[case]
    assert kinds(listed, rows) == expected


def test_a_connection_that_heroku_connect_does_not_list_is_missing() -> None:
    [found] = differences.find(HOST, [ours()], [], [row()], [row()])
    assert found.kind == "missing"
    assert "Heroku Connect lists no connection" in found.text


def test_work_that_goes_on_during_the_calls_is_no_difference() -> None:
    # Ordered after the first look, and off-boarded before the second.
    assert kinds([ours()], [], [row()]) == []
    assert kinds([ours()], [row()], []) == []
    assert kinds([], [row()], [row(stage=Stage.OFFBOARDING)]) == []
    assert kinds([], [], [row()]) == []


@pytest.mark.parametrize("who", [cast.ACME, cast.BOREALIS, cast.CIRRUS, cast.DUNE, cast.EMBER])
def test_a_name_says_whose_add_on_it_is(who: dict[str, str]) -> None:
    owner = addons.owner_of(addons.name_for(who["org_id"], 12))
    assert owner == addons.Owner(who["org_id"], 12)


@pytest.mark.parametrize(
    "name", ["", "hc-abc123-00db00000002ndmmam-1", "herokuconnect-round-12345", "hc-", "hc-x-1"]
)
def test_a_name_of_somebody_else_says_nothing(name: str) -> None:
    assert addons.owner_of(name) is None


@pytest.mark.parametrize("change", ["aaa", "555", "999"])
def test_a_name_whose_checksum_does_not_fit_says_nothing(change: str) -> None:
    name = addons.name_for(ACME, 1)
    assert addons.owner_of(name.replace("mam-", f"{change}-")) is None
