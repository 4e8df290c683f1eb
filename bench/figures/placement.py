"""Placement, and the calls to Heroku Connect of a fleet over many host apps.

What a refresh, a comparison and a diagnosis call is counted over HTTP. How often they run, and how
many at most, is what the portal's schedules and limits say.
"""

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.test import override_settings
from django.utils import timezone

import emulator as emulated
from bench import enrolled, harness, health_fleet
from bench.ratios import Ratio, count
from connect import tasks
from connect.clients import budget
from connect.health import diagnose, in_time, regions
from connect.inventory import compare
from connect.mappings import drift, placeholders, templates
from connect.models import (
    AddonDay,
    Connection,
    Diagnosis,
    DriftState,
    HostApp,
    MappingTemplate,
    Stage,
)
from connect.placement import forecast, rooms
from connect.placement.choose import Wanted, choose
from connect.placement.place import place
from portal.project.schedules import SCHEDULES
from tenants.models import Tenant
from tenants.orgid import normalize
from tenants.sweeps import name_of

SIZES = {1_000: 2, 10_000: 20, 100_000: 200}  # tenants: host apps
ACCOUNTS = {1_000: 1, 10_000: 2, 100_000: 10}
PERCENT_BROKEN = 2
CAPACITY = 510  # what fits into the config vars of an app
PAGE = 500  # connections of the host app whose calls are counted
NAMESPACE = "mc"  # of the package in the one org that is compared
LATENCY = 0.2  # seconds of a call, where a run is limited by time
ALLOWED = budget.BUDGET - budget.RESERVE  # calls an hour of an account
LOOKS = 20  # placements that are timed
# Placements that are spread, over how many host apps; each held five more than the one before.
PLACED, PLACED_ON, UNEVEN = 2_000, 20, 5


@dataclass(frozen=True)
class Calls:
    """Calls to Heroku Connect: of a host app's list; of a broken connection in a refresh; of a
    comparison of a connection with its version; of the start of a diagnosis and of its end; of a
    comparison of a host app with our rows."""

    listed: int
    broken: float
    compared: int
    started: float
    ended: float
    of_host: int


def run() -> Iterator[Ratio]:
    """Count the calls and work out each size; then place tenants."""
    calls = _counted()
    for tenants in SIZES:
        yield from _budgets(tenants, calls)
    for tenants in SIZES:
        yield from _turns(tenants, calls)
    yield _spread()
    yield _times()


# --- the calls of one of each --------------------------------------------------------------------


def _counted() -> Calls:
    """Let the portal work on one host app of an emulated Heroku."""
    options = emulated.Options(os.environ["DATABASE_URL"], app=os.environ["APP_NAME"])
    host = enrolled.host_apps(1)[0]
    with emulated.serve(options) as running:
        running.behave(validation_seconds=0)
        hollow = health_fleet.wanted(PAGE - 1, PERCENT_BROKEN)
        running.control("POST", "connections", hollow)
        _load(running)
        region = f"{running.url}/region"
        enrolled.live(PAGE, region, [host])
        with override_settings(
            HEROKU_API_URL=f"{running.url}/heroku", HEROKU_CONNECT_URL=f"{running.url}/central"
        ):
            found = _calls(running, region, host, sum(each["state"] != "IDLE" for each in hollow))
        running.reset()
    enrolled.remove()
    return found


def _load(running: emulated.Running) -> None:
    """Make the last connection, with an org and the mappings of the portal's version."""
    org, last = health_fleet.ORG.format(PAGE - 1), health_fleet.name(PAGE - 1)
    running.control("POST", "orgs", {"org_id": org, "namespace": NAMESPACE})
    mappings = placeholders.fill(_version().document, NAMESPACE)["mappings"]
    loaded = {"id": last, "name": last, "org_id": org, "schema_name": "sf_bench_loaded"}
    running.control("POST", "connections", {**loaded, "mappings": mappings})


def _version() -> MappingTemplate:
    version = templates.newest()
    assert version is not None  # noqa: S101 (setup_portal stores it)
    return version


def _calls(running: emulated.Running, region: str, host: HostApp, broken: int) -> Calls:
    def refresh() -> int:
        return regions.refresh_region(region, host.pk)

    listed = _made(running, refresh, PAGE)  # the first one is deep: its list has all
    refreshed = _made(running, refresh, PAGE)
    last = Connection.objects.get(connection_id=health_fleet.name(PAGE - 1))
    Tenant.objects.filter(pk=last.tenant_id).update(namespace=NAMESPACE)
    Connection.objects.filter(pk=last.pk).update(template=_version())
    last = Connection.objects.select_related("tenant", "template", "host_app").get(pk=last.pk)
    compared = _made(running, lambda: drift.compare(last).state, DriftState.SAME)
    at_once = diagnose.MAX_AT_A_TIME
    started = _made(running, diagnose.start_due, at_once)
    ended = _made(running, diagnose.collect, at_once)
    harness.claim(not Diagnosis.objects.exclude(error="").exists(), "a diagnosis has failed")
    of_host = _made(running, lambda: compare.compare("bench", [host]).error, "")
    return Calls(
        listed, (refreshed - listed) / broken, compared, started / at_once, ended / at_once, of_host
    )


def _made(running: emulated.Running, act: Callable[[], object], wanted: object) -> int:
    """Return how many calls to Heroku Connect a work makes, which gives what is wanted."""
    running.clear_calls()
    found = act()
    harness.claim(found == wanted, f"{found!r} instead of {wanted!r}")
    return sum(each["system"] in ("central", "region") for each in running.calls())


# --- the calls of a fleet ------------------------------------------------------------------------


def _budgets(tenants: int, calls: Calls) -> Iterator[Ratio]:
    """Compare the calls in an hour of the night with what an account may make."""
    accounts, night = ACCOUNTS[tenants], len(diagnose.NIGHT_HOURS)
    fleet = f"{tenants:,} tenants over {SIZES[tenants]} host apps"
    for which, compared, diagnosed in (
        ("", _compared_an_hour(calls), _diagnosed_an_hour(calls)),
        (", all compared and diagnosed each day", math.inf, math.inf),
    ):
        parts = {
            "refreshes": _refreshes(tenants, calls),
            "comparisons": min(tenants / 24, compared) * calls.compared,
            "diagnoses": min(tenants / night, diagnosed) * (calls.started + calls.ended),
            "host apps": SIZES[tenants] / 24 * calls.of_host,
        }
        each, needed = sum(parts.values()) / accounts, math.ceil(sum(parts.values()) / ALLOWED)
        words = ", ".join(f"{value / accounts:,.0f} of {name}" for name, value in parts.items())
        yield count(
            f"calls to Heroku Connect in an hour of the night of each of {accounts} accounts, "
            f"{fleet}{which} / those for background work",
            each / ALLOWED,
            most=1,
            exact=True,
            detail=f"{each:,.0f} calls an hour: {words}; accounts needed: {needed}",
        )


def _refreshes(tenants: int, calls: Calls) -> float:
    one = SIZES[tenants] * calls.listed + tenants * PERCENT_BROKEN / 100 * calls.broken
    return one * _runs_an_hour(tasks.refresh_health)


def _compared_an_hour(calls: Calls) -> float:
    """Return how many comparisons fit into the time of their runs."""
    one_run = math.ceil(drift.MAX_RUN_SECONDS / (calls.compared * LATENCY))
    return _runs_an_hour(tasks.compare_drift) * one_run


def _diagnosed_an_hour(calls: Calls) -> float:
    """Return how many diagnoses are started in an hour of the night."""
    in_this_time = math.ceil(in_time.MAX_SECONDS / (calls.started * LATENCY))
    return _runs_an_hour(tasks.maintain_health) * min(diagnose.MAX_AT_A_TIME, in_this_time)


def _runs_an_hour(task: Callable[[], object]) -> float:
    return 60 / int(SCHEDULES[name_of(task)]["minutes"])


def _turns(tenants: int, calls: Calls) -> Iterator[Ratio]:
    """Compare how many have their turn in a day with how many there are."""
    night = len(diagnose.NIGHT_HOURS)
    for what, most, of_one in (
        ("compared with their version in a day", 24 * _compared_an_hour(calls), calls.compared),
        ("diagnosed in a night", night * _diagnosed_an_hour(calls), calls.started + calls.ended),
    ):
        yield count(
            f"tenants that can be {what}, {LATENCY * 1000:.0f} ms a call / {tenants:,} tenants",
            most / tenants,
            least=1,
            exact=True,
            detail=f"{most:,.0f}; {of_one:g} calls for each",
        )


# --- placement -----------------------------------------------------------------------------------


def _spread() -> Ratio:
    """Place tenants as the portal does, on host apps that do not hold equally many."""
    before = [UNEVEN * number for number in range(PLACED_ON)]
    hosts = _hosts(PLACED_ON, 1)
    people = _tenants(sum(before) + PLACED)
    held = [host for host, number in zip(hosts, before, strict=True) for _ in range(number)]
    _connect(people[: len(held)], held)
    for tenant in people[len(held) :]:
        connection = Connection(tenant=tenant, stage=Stage.CREATING_ADDON)
        with transaction.atomic():
            connection.host_app, why = place(connection)
            harness.claim(connection.host_app is not None, why)
            connection.save()
    found = [room.addons for room in rooms.read()]
    return count(
        f"add-ons of the fullest host app / of the average one, {PLACED:,} placed on {PLACED_ON} "
        f"that held {before[0]} to {before[-1]}",
        max(found) * PLACED_ON / sum(found),
        most=1.01,
        detail=f"{min(found)} to {max(found)} add-ons",
    )


def _times() -> Ratio:
    (least, fewest), (most, all_) = (list(SIZES.items())[at] for at in (0, -1))
    small, large = (_placement_seconds(tenants) for tenants in (least, most))
    return count(
        f"time of one placement with its forecast, {most:,} tenants over {all_} host apps / "
        f"{least:,} over {fewest}",
        large / small,
        most=100,
        detail=f"{large * 1000:.0f} ms, {small * 1000:.0f} ms: it reads each host app",
    )


def _placement_seconds(tenants: int) -> float:
    hosts = _hosts(SIZES[tenants], ACCOUNTS[tenants])
    _connect(_tenants(tenants), [hosts[number % len(hosts)] for number in range(tenants)])
    AddonDay.objects.update_or_create(
        day=timezone.now().date(), defaults={"ordered": tenants // 1_000}
    )
    began = time.monotonic()
    for _ in range(LOOKS):
        known = rooms.read()
        choose(known, Wanted("herokuconnect:enterprise"))
        forecast.read(known, timezone.now())
    return (time.monotonic() - began) / LOOKS


def _hosts(wanted: int, accounts: int) -> list[HostApp]:
    """Return new host apps, in place of everything that was there."""
    enrolled.remove()
    HostApp.objects.all().delete()
    return HostApp.objects.bulk_create(
        HostApp(
            name=f"host-{number}",
            account=f"a{number % accounts}" if number % accounts else "",
            max_addons=CAPACITY,
            ready_at=timezone.now(),
        )
        for number in range(wanted)
    )


def _tenants(wanted: int) -> list[Tenant]:
    return Tenant.objects.bulk_create(
        (
            Tenant(org_id=normalize(f"00D5g{n:010d}"), name=f"T {n}", admin_email="it@x.example")
            for n in range(wanted)
        ),
        batch_size=5_000,
    )


def _connect(people: list[Tenant], hosts: list[HostApp]) -> None:
    """Store a live connection of each tenant on the host app at the same place."""
    Connection.objects.bulk_create(
        (
            Connection(
                tenant=tenant, host_app=host, stage=Stage.LIVE, organization_id=tenant.org_id
            )
            for tenant, host in zip(people, hosts, strict=True)
        ),
        batch_size=5_000,
    )
