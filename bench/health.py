"""The cost of health for a whole fleet: calls, memory, and write errors."""

import time
import tracemalloc
from dataclasses import dataclass

import requests

from bench import harness, health_fleet
from bench.harness import Ratio

LARGE, SMALL = 1000, 400  # both more than one page, which is what memory is for
BROKEN = 0.02
SCHEMAS, ROWS, KINDS = 200, 50_000, 12
SECONDS_TO_SHOW = 2.0


@dataclass(frozen=True)
class Refresh:
    """One refresh of a fleet: remote calls, peak of Python's memory in bytes, seconds."""

    calls: int
    peak: int
    seconds: float


def run() -> list[Ratio]:
    """Refresh a small and a large fleet, then read the write errors of many schemas."""
    harness.set_up()
    small, large = _refresh(SMALL), _refresh(LARGE)
    least = 1 + LARGE * BROKEN
    seconds, found = _write_errors()
    return [
        Ratio(
            f"calls for a refresh of {LARGE} connections, 2 % broken / (lists + broken)",
            large.calls / least,
            1.1,
            f"{large.calls} calls in {large.seconds:.1f} s; least {least:.0f}",
        ),
        Ratio(
            f"memory of a refresh of {LARGE} / of {SMALL}",
            large.peak / small.peak,
            1.5,
            f"{large.peak / 1e6:.2f} MB / {small.peak / 1e6:.2f} MB at the peak",
        ),
        Ratio(
            f"{ROWS} failed writes in {SCHEMAS} schemas: seconds to group and show them / 2",
            seconds / SECONDS_TO_SHOW,
            1.0,
            f"{seconds:.2f} s, {found} causes found of {KINDS}",
        ),
    ]


def _refresh(count: int) -> Refresh:
    """Measure the second refresh of a fleet; the first one is the deep look."""
    from django.conf import settings
    from django.test import override_settings

    from connect.health import regions
    from connect.models import Connection
    from tenants.models import Tenant

    broken = int(count * BROKEN)
    url, app = settings.DATABASE_URL, settings.APP_NAME
    with health_fleet.served(url, app, count, broken) as address:
        region = f"{address}/region"
        host = _enrol(count, region)
        with override_settings(HEROKU_CONNECT_URL=f"{address}/central"):
            regions.refresh_region(region, host)
            requests.delete(f"{address}/control/calls", timeout=10)
            tracemalloc.start()
            began = time.monotonic()
            seen = regions.refresh_region(region, host)
            seconds = time.monotonic() - began
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        _claim(seen == count, f"{seen} of {count} connections were seen")
        calls = requests.get(f"{address}/control/calls?system=region", timeout=10).json()["count"]
    Connection.objects.all().delete()
    Tenant.objects.all()._raw_delete("default")
    return Refresh(calls, peak, seconds)


def _claim(holds: bool, otherwise: str) -> None:
    """Raise RuntimeError if the bench did not measure what it reports."""
    if not holds:
        raise RuntimeError(otherwise)


def _enrol(count: int, region: str) -> int:
    """Store live tenants on the first host app; return its key."""
    from connect.models import Connection, HostApp, Stage
    from tenants.models import Tenant
    from tenants.orgid import normalize

    orgs = [normalize(health_fleet.ORG.format(number)) for number in range(count)]
    Tenant.objects.bulk_create(
        Tenant(org_id=org, name=f"Tenant {number}", admin_email="it@x.example")
        for number, org in enumerate(orgs)
    )
    tenants = {tenant.org_id: tenant for tenant in Tenant.objects.all()}
    host = HostApp.objects.get()
    Connection.objects.bulk_create(
        Connection(
            tenant=tenants[org],
            stage=Stage.LIVE,
            host_app=host,
            organization_id=org,
            connection_id=health_fleet.name(number),
            region_url=region,
            state="IDLE",
            schema_name=f"sf_{org.lower()}_1",
        )
        for number, org in enumerate(orgs)
    )
    return host.pk


def _write_errors() -> tuple[float, int]:
    """Fill schemas with failed writes of some kinds; return the seconds to show them, and kinds."""
    from django.contrib.auth.models import User
    from django.test import Client

    from connect.models import WriteError
    from connect.write_errors import scan

    _enrol(SCHEMAS, "http://127.0.0.1/region")
    _fill()
    User.objects.create_superuser("bench")
    client = Client()
    client.force_login(User.objects.get())
    began = time.monotonic()
    scan.scan_all()
    answer = client.get("/admin/connect/writeerror/")
    seconds = time.monotonic() - began
    _claim(answer.status_code == 200, f"the page answered {answer.status_code}")
    return seconds, WriteError.objects.order_by().values("cause").distinct().count()


def _fill() -> None:
    from django.db import connection as database
    from psycopg import sql

    from connect.models import Connection

    statement = sql.SQL("""
        CREATE SCHEMA {schema};
        CREATE TABLE {schema}._hcmeta (id int);
        CREATE TABLE {schema}._trigger_log (
            id serial PRIMARY KEY, created_at timestamptz DEFAULT now(), state varchar(8),
            action varchar(7), table_name varchar(128), record_id int, sfid varchar(18),
            old text, "values" text, sf_message text
        );
        CREATE TABLE {schema}._trigger_log_archive (LIKE {schema}._trigger_log);
        INSERT INTO {schema}._trigger_log (state, action, table_name, record_id, sf_message)
        SELECT 'FAILED', 'INSERT', 'account', n, 'CODE_' || chr(65 + n % {kinds})
            || ': record 0015g0000' || lpad(n::text, 6, '0') || 'AAA has a bad value "' || n || '"'
        FROM generate_series(1, {rows}) AS n;
        CREATE INDEX ON {schema}._trigger_log (state, id);
    """)
    with database.cursor() as cursor:
        for name in Connection.objects.values_list("schema_name", flat=True):
            cursor.execute(
                statement.format(
                    schema=sql.Identifier(name),
                    rows=sql.Literal(ROWS // SCHEMAS),
                    kinds=sql.Literal(KINDS),
                )
            )
