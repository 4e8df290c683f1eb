"""The staff's pages with 100 tenants and with 100,000: the same queries, nearly the same time."""

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import fleet, fleets, harness
from bench.harness import Pair
from bench.ratios import Ratio, count, of_pairs
from portal import audit
from portal.models import AuditKind
from portal.project import databases
from tenants.models import Tenant

FEW, MANY = 100, 100_000
SAMPLES = 100  # of each live connection: with the events, ten million rows
PAIRS = 7
DASHBOARD = "dashboard, read again after a press"
GROWTH = {DASHBOARD: 1.3}
WITHIN = 3.0  # times as long, at a thousand times the tenants
# A list that has one row for 100 tenants has a full page of 50 rows for 100,000.
FLOOR = 0.050  # seconds
LIST_QUERIES = 6


@dataclass(frozen=True)
class Page:
    """A page of staff, and what happens before it is asked for."""

    name: str
    address: str
    before: Callable[[], object] = lambda: None


def run() -> Iterator[Ratio]:
    """Seed two databases and measure each page in them in turn."""
    databases.limit({})  # a seed takes longer than a request may
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    fleets.copy_database(fleets.FEW)
    both = fleets.Databases(fleets.FEW)
    for which, size in (("few", FEW), ("many", MANY)):
        with both.using(which):
            spent = harness.seconds(partial(fleet.seed, size, SAMPLES))
            print(f"  seeded {size:,} tenants in {spent:.1f} s", flush=True)
    gc.collect()
    queries: dict[str, tuple[int, int]] = {}
    for page in pages():
        pairs, queries[page.name] = _measured(client, both, page)
        yield _time(page, pairs, queries[page.name])
    yield _grown(queries)
    yield _most(queries)


def pages() -> list[Page]:
    """Return the dashboard, every list, a tenant's page, and the searches staff make most."""
    tenants = reverse("admin:tenants_tenant_changelist")
    found = [
        Page("dashboard", reverse("admin:index")),
        Page("dashboard, its cards again", reverse("dashboard")),
        Page(DASHBOARD, reverse("dashboard"), _press),
        Page("dashboard, all counted again", reverse("dashboard"), caches["shared"].clear),
        Page("worklist", reverse("worklist")),
        Page("fleet over time", reverse("fleet")),
        Page("a tenant", reverse("admin:tenants_tenant_change", args=[7])),
    ]
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        words = f"list of {model._meta.verbose_name_plural}"
        found.append(Page(words, reverse(f"admin:{name}_changelist")))
    for label, query in (
        ("their move", "attention=subscriber"),
        ("needs attention", "attention=any"),
        ("live", "standing=live"),
        ("by a name", "q=arbor"),
        ("by an org id", "q=00D7g0000000042EAA"),
        ("by an e-mail", "q=amber-care42.example"),
    ):
        found.append(Page(f"list of tenants, {label}", f"{tenants}?{query}"))
    for label, typed in (
        ("a name", "arbor"),
        ("an org id", "00D7g0000000042EAA"),
        ("a number", "4711"),
        ("a request id", "6c2b1f0e-77aa-4a31-9d2c-0f5b3c1d2e4f"),
    ):
        address = f"{reverse('find-options')}?{urlencode({'q': typed})}"
        found.append(Page(f"find {label}", address))
    return found


def _press() -> None:
    """Have the dashboard read all its cards again: it keeps them for some seconds."""
    audit.note(AuditKind.PRESSED, "Bench", actor="bench")


def _measured(
    client: Client, both: fleets.Databases, page: Page
) -> tuple[list[Pair], tuple[int, int]]:
    """Return the times of a page at many and at few tenants, and its queries at both."""
    queries = {which: _queries(client, both, page, which) for which in ("few", "many")}
    pairs = harness.in_turn(
        lambda: _seconds(client, both, page, "many"),
        lambda: _seconds(client, both, page, "few"),
        PAIRS,
    )
    return pairs, (queries["few"], queries["many"])


def _queries(client: Client, both: fleets.Databases, page: Page, which: str) -> int:
    with both.using(which):
        client.get(page.address)  # the first answer compiles templates
        # Once a minute a request notes that the session is in use.
        return min(_asked(client, page) for _ in range(2))


def _asked(client: Client, page: Page) -> int:
    page.before()
    with CaptureQueriesContext(connection) as queries:
        status = client.get(page.address).status_code
    harness.claim(status in (200, 204), f"{page.address} answered {status}")
    return len(queries)


def _seconds(client: Client, both: fleets.Databases, page: Page, which: str) -> float:
    """Return the time of a page; of two, since the first one after the other fleet is cold."""
    with both.using(which):
        Tenant.objects.exists()
        caches["default"].clear()  # what is kept in a process is of the other fleet
        client.get(page.address)
        page.before()
        began = time.perf_counter()
        client.get(page.address)
        return time.perf_counter() - began


def _time(page: Page, pairs: list[Pair], queries: tuple[int, int]) -> Ratio:
    many, few = harness.medians(pairs)
    detail = f"{few * 1000:.0f} to {many * 1000:.0f} ms; {queries[0]} to {queries[1]} queries"
    floored = [Pair(each.ours, max(each.other, FLOOR)) for each in pairs]
    most = GROWTH.get(page.name, WITHIN)
    return of_pairs(page.name, floored, most=most, detail=detail)


def _grown(queries: dict[str, tuple[int, int]]) -> Ratio:
    grown = [name for name, (few, many) in queries.items() if many > few]
    name = "pages with more queries at 100,000 tenants than at 100"
    return count(name, len(grown), most=0, detail=", ".join(grown) or "none")


def _most(queries: dict[str, tuple[int, int]]) -> Ratio:
    lists = {name: many for name, (_, many) in queries.items() if name.startswith("list of")}
    worst = max(lists, key=lambda name: lists[name])
    name = f"most queries of a list / {LIST_QUERIES}"
    detail = f"{lists[worst]}: {worst}"
    return count(name, lists[worst] / LIST_QUERIES, most=1, detail=detail)
