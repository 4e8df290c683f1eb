"""The staff's pages with 100 tenants and with 100,000: the same queries, nearly the same time."""

import gc
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import fleet
from bench.harness import Ratio
from portal import audit
from portal.models import AuditKind

FEW, MANY = 100, 100_000
ROUNDS = 7
WITHIN = 3.0  # times as long, at a thousand times the tenants
# Shorter times are noise. The floor also compensates for lists that show one row for 100 tenants
# and a full page of 50 rows for 100,000.
FLOOR = 0.050  # seconds
APPEND_ONLY = ("portal_auditentry", "tenants_event", "tenants_erasure")
Measured = dict[str, tuple[int, float]]  # a page's queries, and the least of its seconds


def run() -> list[Ratio]:
    """Seed one database twice and measure every page at both sizes."""
    few, many = _measure(FEW), _measure(MANY)
    return [ratio for page in few for ratio in _ratios(page, few[page], many[page])]


def pages() -> dict[str, str]:
    """Return the address of the dashboard, of every list, and of the searches staff make most."""
    found = {
        "dashboard": reverse("admin:index"),
        "dashboard, again": reverse("dashboard"),
        "fleet over time": reverse("fleet"),
    }
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        found[f"list of {model._meta.verbose_name_plural}"] = reverse(f"admin:{name}_changelist")
    tenants = reverse("admin:tenants_tenant_changelist")
    for label, query in (
        ("their move", "attention=subscriber"),
        ("live", "standing=live"),
        ("by a name", "q=arbor"),
        ("by an org id", "q=00D7g0000000042EAA"),
        ("by an e-mail", "q=amber-care42.example"),
    ):
        found[f"tenants, {label}"] = f"{tenants}?{query}"
    for label, typed in (
        ("a name", "arbor"),
        ("an org id", "00D7g0000000042EAA"),
        ("a number", "4711"),
        ("a request id", "6c2b1f0e-77aa-4a31-9d2c-0f5b3c1d2e4f"),
    ):
        found[f"find, {label}"] = f"{reverse('find-options')}?{urlencode({'q': typed})}"
    return found


def _measure(size: int) -> Measured:
    _flush()
    began = time.perf_counter()
    fleet.seed(size)
    print(f"  seeded {size:,} tenants in {time.perf_counter() - began:.1f} s", flush=True)
    gc.collect()
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    found = {name: _page(client, address) for name, address in pages().items()}
    return found | {"dashboard, after a press": _page(client, reverse("dashboard"), _press)}


def _flush() -> None:
    """Empty every table, also those that the portal itself never may."""
    with connection.cursor() as cursor:
        for table in APPEND_ONLY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER no_truncate")
        cursor.execute("SET jit = off")  # as portal.project.databases has it
    call_command("flush", verbosity=0, interactive=False)


def _nothing() -> None:
    pass


def _press() -> None:
    """Have the dashboard read all its cards again: it keeps them for some seconds."""
    audit.note(AuditKind.PRESSED, "Bench", actor="bench")


def _page(client: Client, address: str, before: Callable[[], None] = _nothing) -> tuple[int, float]:
    client.get(address)  # the first answer compiles templates
    before()
    with CaptureQueriesContext(connection) as queries:
        status = client.get(address).status_code
    if status != 200:
        raise RuntimeError(f"{address} answered {status}")
    return len(queries), min(_times(client, address, before))


def _times(client: Client, address: str, before: Callable[[], None]) -> Iterator[float]:
    for _ in range(ROUNDS):
        before()
        began = time.perf_counter()
        client.get(address)
        yield time.perf_counter() - began


def _ratios(page: str, few: tuple[int, float], many: tuple[int, float]) -> Iterator[Ratio]:
    detail = f"{few[1] * 1000:.0f} ms -> {many[1] * 1000:.0f} ms"
    yield Ratio(f"{page}: time", many[1] / max(few[1], FLOOR), WITHIN, detail)
    yield Ratio(f"{page}: queries", many[0] / few[0], 1.0, f"{few[0]} -> {many[0]}")
