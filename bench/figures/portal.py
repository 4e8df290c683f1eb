"""The staff's pages with 100 tenants and with 100,000: the same queries, nearly the same time."""

import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import fleet, fleets, harness, plain_admin, staff_pages
from bench.harness import Pair
from bench.ratios import Ratio, count, of_pairs
from bench.staff_pages import CHANGED, Page, pages
from portal.project import databases
from tenants.models import Tenant

FEW, MANY = 100, 100_000
SAMPLES = 100  # of each live connection: with the events, ten million rows
PAIRS = 4
WITHIN = 3.0  # times as long, at a thousand times the tenants
AS_LONG = 2.0  # the same for a list that has as many rows in both fleets
OPEN = {"dashboard": 1.3, "dashboard, its cards again": 1.3}  # it is open all day
FLOOR = 0.050  # seconds, of both sides: a page that fails takes more than WITHIN times as long
PRESSED = 0.5  # of the time in which all is counted again
DASHBOARD_QUERIES = 12
LIST_QUERIES = 6
CHANGE_QUERIES = 45
ANSWERS = (200, 204)


@dataclass(frozen=True)
class Measured:
    """A page at few and at many tenants. `rows`: None for a page that is not a list."""

    pairs: list[Pair]
    queries: tuple[int, int]
    rows: tuple[int | None, int | None]


def run() -> Iterator[Ratio]:
    """Seed two databases and measure each page in them in turn."""
    databases.limit({})  # a seed takes longer than a request may
    settings.READ_API = True
    plain_admin.add()
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    fleets.copy_database(fleets.FEW)
    both = fleets.Databases(fleets.FEW)
    for which, size in (("few", FEW), ("many", MANY)):
        with both.using(which):
            spent = harness.seconds(partial(fleet.seed, size, SAMPLES))
            print(f"  seeded {size:,} tenants in {spent:.1f} s", flush=True)
    gc.collect()
    found: dict[str, Measured] = {}
    for page in pages():
        found[page.name] = _measured(client, both, page)
        yield _time(page.name, found[page.name])
    yield _press(client, both)
    yield from _plain(client, both)
    yield _grown(found)
    yield _most(found, "dashboard", "most queries of the dashboard", DASHBOARD_QUERIES)
    yield _most(found, "list of", "most queries of a list", LIST_QUERIES)
    yield _most(found, CHANGED, "most queries of a page of one row", CHANGE_QUERIES)


def _measured(client: Client, both: fleets.Databases, page: Page) -> Measured:
    few, many = (_asked(client, both, page, which) for which in ("few", "many"))
    harness.claim(many[1] != 0, f"{page.name} shows no row, so its time says nothing")
    pairs = harness.in_turn(
        lambda: _seconds(client, both, page, "many"),
        lambda: _seconds(client, both, page, "few"),
        PAIRS,
    )
    return Measured(pairs, (few[0], many[0]), (few[1], many[1]))


def _asked(
    client: Client, both: fleets.Databases, page: Page, which: str
) -> tuple[int, int | None]:
    """Return the queries of a page and the rows that it shows."""
    with both.using(which):
        client.get(page.address(), headers=page.headers)  # the first answer compiles templates
        # Once a minute a request notes that the session is in use.
        return min((_counted(client, page) for _ in range(2)), key=lambda each: each[0])


def _counted(client: Client, page: Page) -> tuple[int, int | None]:
    address = page.address()
    page.before()
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address, headers=page.headers)
    harness.claim(answer.status_code in ANSWERS, f"{address} answered {answer.status_code}")
    return len(harness.work(each["sql"] for each in queries)), _rows(answer)


def _rows(answer: Any) -> int | None:
    """Return how many rows a list shows, or how much a search has found."""
    context = getattr(answer, "context_data", None) or {}
    if "cl" in context:
        return len(context["cl"].result_list)
    return context["total"] if "kinds" in context else None


def _seconds(client: Client, both: fleets.Databases, page: Page, which: str) -> float:
    """Return the time of a page; of two, since the first one after the other fleet is cold."""
    with both.using(which):
        Tenant.objects.exists()
        caches["default"].clear()  # what is kept in a process is of the other fleet
        address = page.address()
        first = client.get(address, headers=page.headers)
        harness.claim(first.status_code in ANSWERS, f"{address} answered {first.status_code}")
        page.before()
        began = time.perf_counter()
        client.get(address, headers=page.headers)
        return time.perf_counter() - began


def _time(name: str, found: Measured) -> Ratio:
    many, few = harness.medians(found.pairs)
    parts = [f"{few * 1000:.0f} to {many * 1000:.0f} ms", "{} to {} queries".format(*found.queries)]
    if found.rows[1] is not None:
        parts.append("{} to {} rows".format(*found.rows))
    floored = [Pair(max(each.ours, FLOOR), max(each.other, FLOOR)) for each in found.pairs]
    is_as_long = found.rows[0] is not None and found.rows[0] == found.rows[1]
    most = OPEN.get(name, AS_LONG if is_as_long else WITHIN)
    return of_pairs(name, floored, most=most, detail="; ".join(parts))


def _press(client: Client, both: fleets.Databases) -> Ratio:
    """Compare the cards after a press, whose numbers may be old, with all counted again."""
    cards = staff_pages.named("dashboard")
    sides = Page("", cards, staff_pages.press), Page("", cards, caches["shared"].clear)
    ours, other = (partial(_seconds, client, both, side, "many") for side in sides)
    pairs = harness.in_turn(ours, other, PAIRS)
    name = "dashboard after a press / all counted again"
    return _at_many(name, pairs, most=PRESSED)


def _plain(client: Client, both: fleets.Databases) -> Iterator[Ratio]:
    """Compare the two main lists with the same models in Django's admin as it comes."""
    for model in plain_admin.PLAIN:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        ours = Page("", staff_pages.named(name))
        other = Page("", partial(reverse, name, current_app=plain_admin.NAME))
        pairs = harness.in_turn(
            partial(_seconds, client, both, ours, "many"),
            plain_admin.with_its_templates(partial(_seconds, client, both, other, "many")),
            PAIRS,
        )
        yield _at_many(f"list of {model._meta.verbose_name_plural} / in a plain ModelAdmin", pairs)


def _at_many(name: str, pairs: list[Pair], most: float | None = None) -> Ratio:
    ours, other = harness.medians(pairs)
    detail = f"{ours * 1000:.0f} to {other * 1000:.0f} ms"
    return of_pairs(f"{name}, both at {MANY:,}", pairs, most=most, detail=detail)


def _grown(found: dict[str, Measured]) -> Ratio:
    grown = [name for name, each in found.items() if each.queries[1] > each.queries[0]]
    name = "pages with more queries at 100,000 tenants than at 100"
    return count(name, len(grown), most=0, exact=True, detail=", ".join(grown) or "none")


def _most(found: dict[str, Measured], begins: str, name: str, limit: int) -> Ratio:
    some = {key: each.queries[1] for key, each in found.items() if key.startswith(begins)}
    worst = max(some, key=lambda key: some[key])
    return count(
        f"{name} / {limit}",
        some[worst] / limit,
        most=1,
        exact=True,
        detail=f"{worst}: {some[worst]}",
    )
