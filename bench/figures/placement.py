"""Placement and the budgets of calls for a fleet over many host apps, by simulation.

The rows are real, the calls are counted and not made: a refresh costs a list for each host app in
each region, and a call for each connection that is broken.
"""

import time
from collections import Counter
from dataclasses import dataclass

from bench.ratios import Ratio, count

SIZES = {1_000: 2, 10_000: 20, 100_000: 200}  # tenants: host apps
ACCOUNTS = {1_000: 1, 10_000: 2, 100_000: 10}
REGIONS = 1  # in which the connections of one host app are
BROKEN = 0.02
CAPACITY = 510  # what fits into the config vars of an app
REFRESHES_AN_HOUR = 12
DAY = 24 * 60  # minutes
LOOKS = 20  # placements that are measured


@dataclass(frozen=True)
class Fleet:
    """A fleet as it was simulated. Seconds of one placement; calls an hour of the busiest account
    to Heroku Connect, and the share of its budget that is left to background work."""

    seconds: float
    spread: float
    calls: float
    share: float
    words: str


def run() -> list[Ratio]:
    """Simulate each size; compare the largest with the smallest."""
    fleets = {tenants: _simulate(tenants) for tenants in SIZES}
    small, large = fleets[1_000], fleets[100_000]
    budgets = [
        count(
            f"calls to Heroku Connect an hour of the busiest of {ACCOUNTS[tenants]} accounts, "
            f"{tenants:,} tenants over {SIZES[tenants]} host apps / those for background work",
            fleet.share,
            most=1,
            detail=f"{fleet.calls:,.0f} calls an hour; {fleet.words}",
        )
        for tenants, fleet in fleets.items()
    ]
    return [
        *budgets,
        count(
            "add-ons of the fullest host app / of the average one, 100,000 over 200",
            large.spread,
            most=1.01,
        ),
        count(
            "time of one placement with its forecast, 100,000 tenants over 200 host apps / "
            "1,000 over 2",
            large.seconds / small.seconds,
            most=100,
            detail=f"{large.seconds * 1000:.0f} ms, {small.seconds * 1000:.0f} ms: it reads each "
            "host app",
        ),
    ]


def _simulate(tenants: int) -> Fleet:
    from django.utils import timezone

    from connect.clients import budget
    from connect.models import Connection, HostApp
    from connect.placement import forecast, rooms
    from connect.placement.choose import Wanted, choose

    _fill(tenants)
    began = time.monotonic()
    for _ in range(LOOKS):
        known = rooms.read()
        choose(known, Wanted("herokuconnect:enterprise"))
        found = forecast.read(known, timezone.now())
    seconds = (time.monotonic() - began) / LOOKS
    held = [room.addons for room in rooms.read()]
    live = Counter(Connection.objects.values_list("host_app__account", flat=True))
    apps = Counter(HostApp.objects.values_list("account", flat=True))
    calls = max(_calls(apps[account], count) for account, count in live.items())
    allowed = budget.BUDGET - budget.RESERVE
    spread = max(held) / (sum(held) / len(held))
    return Fleet(seconds, spread, calls, calls / allowed, found.in_words)


def _calls(host_apps: int, connections: int) -> float:
    """Return an account's calls to Heroku Connect in an hour."""
    refresh = host_apps * REGIONS + connections * BROKEN
    # Each live connection is compared with its version and diagnosed once a day, each host app
    # with our rows.
    daily = connections * 3 + host_apps
    return refresh * REFRESHES_AN_HOUR + daily / 24


def _fill(tenants: int) -> None:
    """Place tenants one after the other as the portal does, and store them."""
    import heapq

    from django.utils import timezone

    from connect.models import AddonDay, Connection, HostApp, Stage
    from tenants.models import Tenant
    from tenants.orgid import normalize

    Connection.objects.all().delete()
    Tenant.objects.all()._raw_delete("default")
    HostApp.objects.all().delete()
    now = timezone.now()
    hosts = HostApp.objects.bulk_create(
        HostApp(
            name=f"host-{number}",
            account="" if not number % ACCOUNTS[tenants] else f"a{number % ACCOUNTS[tenants]}",
            max_addons=CAPACITY,
            ready_at=now,
        )
        for number in range(SIZES[tenants])
    )
    people = Tenant.objects.bulk_create(
        (
            Tenant(org_id=normalize(f"00D5g{n:010d}"), name=f"T {n}", admin_email="it@x.example")
            for n in range(tenants)
        ),
        batch_size=5_000,
    )
    # The emptiest first, by name: what choose() does, without sorting all of them each time.
    queue = [(0, host.name, host) for host in hosts]
    placed = []
    for tenant in people:
        count, name, host = heapq.heappop(queue)
        heapq.heappush(queue, (count + 1, name, host))
        placed.append(
            Connection(
                tenant=tenant, host_app=host, stage=Stage.LIVE, organization_id=tenant.org_id
            )
        )
    Connection.objects.bulk_create(placed, batch_size=5_000)
    AddonDay.objects.update_or_create(day=now.date(), defaults={"ordered": tenants // 1_000})
