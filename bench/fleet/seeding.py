"""Seeds the fleet: a pattern of tenants written by COPY, which Postgres then multiplies."""

import random
from datetime import datetime
from itertools import chain

from django.core.management.color import no_style
from django.db import connection as database
from django.db.models import Model
from django.utils import timezone
from psycopg import sql

from bench.fleet import history
from bench.fleet.loading import copy, unindexed
from bench.fleet.machinery import host_apps, machinery
from bench.fleet.of_portal import of_portal
from bench.fleet.of_tenants import MODELS, of_tenants
from bench.fleet.one_tenant import HOSTS, member
from bench.fleet.work import work
from connect.models import (
    Connection,
    Drift,
    Health,
    HealthSample,
    Incident,
    Mapping,
    MappingTemplate,
    RolloutItem,
    Stage,
    WriteError,
)
from portal.models import BulkItem
from tenants.models import Callout, Event, Message, SalesforceGrant, Tenant

SEED = 20
PATTERN = 1000  # tenants that are made one by one
_OF_TENANT = {"id": f"id + k * {PATTERN}", "tenant_id": f"tenant_id + k * {PATTERN}"}
# The highest key of the pattern keeps the keys of two repetitions apart.
_ID = "(SELECT max(id) FROM {0}) * k + id"
_ORG = f"left(org_id, 5) || lpad((substr(org_id, 6, 10)::int + k * {PATTERN})::text, 10, '0')"
_NEXT = "CASE WHEN {0} = '' THEN '' ELSE {0} || '-' || k END"
# What differs in the k-th repetition of the pattern.
MULTIPLIED: dict[type[Model], dict[str, str]] = {
    Tenant: {
        "id": f"id + k * {PATTERN}",
        "org_id": f"{_ORG} || right(org_id, 3)",
        "name": "name || ' ' || k",
        "admin_email": "replace(admin_email, '.example', '-' || k || '.example')",
    },
    Connection: {
        **_OF_TENANT,
        "host_app_id": f"host_app_id + k * {HOSTS}",
        **{name: _NEXT.format(name) for name in ("addon_name", "connection_id", "schema_name")},
    },
    SalesforceGrant: {**_OF_TENANT, "id": _ID.format("tenants_salesforcegrant")},
    Mapping: {
        "id": _ID.format("connect_mapping"),
        "connection_id": f"connection_id + k * {PATTERN}",
    },
    Health: {"connection_id": f"connection_id + k * {PATTERN}"},
    Incident: {
        "id": _ID.format("connect_incident"),
        "connection_id": f"connection_id + k * {PATTERN}",
    },
    Drift: {
        "id": _ID.format("connect_drift"),
        "connection_id": f"connection_id + k * {PATTERN}",
    },
    WriteError: {
        "id": _ID.format("connect_writeerror"),
        "connection_id": f"connection_id + k * {PATTERN}",
    },
    HealthSample: {
        "id": _ID.format("connect_healthsample"),
        "connection_id": f"connection_id + k * {PATTERN}",
    },
    Event: {**_OF_TENANT, "id": _ID.format("tenants_event")},
    Message: {
        **_OF_TENANT,
        "id": _ID.format("tenants_message"),
        "key": "key || ':' || k",
        "to": "replace(\"to\", '.example', '-' || k || '.example')",
    },
    Callout: {
        **_OF_TENANT,
        "id": _ID.format("tenants_callout"),
        "request_id": "request_id || '-' || k",
    },
}


# One for each hour. Most are well.
_SAMPLES = """
INSERT INTO connect_healthsample (connection_id, at, state, condition, seconds, seconds_up,
    seconds_degraded, mappings, mappings_synced, rows_failed)
SELECT connection_id, now() - k * interval '1 hour', 'IDLE', 'healthy', 3600, 3600, 0, 3, 3, 0
FROM connect_health, generate_series(1, %s) k
"""


def seed(size: int, samples: int = 0) -> None:
    """Fill an empty database with a fleet of `size` tenants and their history.

    Above PATTERN, the size must be a multiple of it. With `samples`, each live connection has so
    many more of its health, and there are rows of every other kind too.
    """
    drawn, now = random.Random(SEED), timezone.now()  # noqa: S311 (no secret)
    fleet = [member(number, drawn, now) for number in range(1, min(size, PATTERN) + 1)]
    live = [each for each in fleet if each["connection"]["stage"] == Stage.LIVE]
    MappingTemplate.objects.get_or_create(version=1, defaults={"document": {"mappings": []}})
    host_apps(HOSTS * max(1, size // PATTERN), now)
    copy(Tenant, (each["tenant"] for each in fleet))
    copy(Connection, (each["connection"] for each in fleet))
    copy(SalesforceGrant, (history.grant(each, now) for each in live))
    copy(Mapping, chain.from_iterable(history.mappings(each, drawn) for each in live))
    copy(Health, (history.health(each) for each in live))
    copy(WriteError, chain.from_iterable(history.write_errors(each) for each in live))
    copy(HealthSample, chain.from_iterable(history.samples(each, now) for each in live))
    copy(Event, chain.from_iterable(history.events(each) for each in fleet))
    copy(Message, chain.from_iterable(history.messages(each) for each in fleet))
    copy(Callout, (history.callout(each) for each in fleet))
    if samples:
        copy(Incident, chain.from_iterable(history.incidents(each) for each in live))
        copy(Drift, chain.from_iterable(history.drift(each) for each in live))
    if size > PATTERN:
        with unindexed([model._meta.db_table for model in MULTIPLIED]):
            _grow(size // PATTERN, samples)
    else:
        _grow(1, samples)
    if samples:
        _others(now)
    machinery(len(live) * max(1, size // PATTERN), drawn, now)
    with database.cursor() as cursor:
        # Index-only scans need the visibility map, as in production.
        cursor.execute("VACUUM ANALYZE")


def _others(now: datetime) -> None:
    of_portal(now)
    with unindexed([model._meta.db_table for model in (*MODELS, RolloutItem, BulkItem)]):
        of_tenants()
        work()


def _grow(times: int, samples: int) -> None:
    for model, changes in MULTIPLIED.items():
        multiply(model, changes, times)
    with database.cursor() as cursor:
        cursor.execute(_SAMPLES, [samples])


def multiply(model: type[Model], changes: dict[str, str], times: int) -> None:
    """Copy the table's rows `times` - 1 times.

    `changes` are SQL expressions in which k is the number of the repetition.
    """
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    names = [str(field.column) for field in fields]
    values = [sql.SQL(changes.get(name, f'"{name}"')) for name in names]
    statement = sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series(1, {last}) k"
    ).format(
        table=sql.Identifier(model._meta.db_table),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ").join(values),
        last=times - 1,
    )
    with database.cursor() as cursor:
        cursor.execute(statement)
        for line in database.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(line)
