"""Creates a fleet of tenants of any size, with months of history, in seconds.

The first thousand are made here and written by COPY; Postgres then makes the others from them.

The same size gives the same fleet: the random seed is fixed. 90 % of the tenants are live; about
3 % need staff. Times are relative to now.
"""

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db import connection as database
from django.db.models import AutoField, Model
from django.utils import timezone
from psycopg import sql

from bench.cases import CASES, FIRST, SECOND, WRITE_ERRORS
from connect import schemas
from connect.health import fleet as fleet_health
from connect.health import states
from connect.models import (
    ApiBudget,
    Condition,
    Connection,
    FleetCondition,
    Health,
    HealthSample,
    Mapping,
    MappingTemplate,
    Stage,
    WaitingOn,
    WriteError,
)
from connect.provisioning.stages import NEXT
from portal.models import Heartbeat
from tenants import orgid
from tenants.models import (
    Callout,
    Event,
    EventKind,
    Message,
    MessageKind,
    MessageStatus,
    SalesforceGrant,
    Tenant,
)

Row = dict[str, Any]
SEED = 20
OBJECTS = ("Account", "Contact", "Tweet__c")
_PEOPLE = (Stage.WAITING_FOR_CONSENT, Stage.WAITING_FOR_AUTHORIZATION)
PATTERN = 1000  # tenants that are made one by one
_OF_TENANT = {"id": f"id + k * {PATTERN}", "tenant_id": f"tenant_id + k * {PATTERN}"}
_ID = "(SELECT max(id) FROM {0}) * k + id"
_ORG = f"left(org_id, 5) || lpad((substr(org_id, 6, 10)::int + k * {PATTERN})::text, 10, '0')"
_NEXT = "CASE WHEN {0} = '' THEN '' ELSE {0} || '-' || k END"
# What differs in the k-th repetition of the pattern.
MULTIPLIED: dict[type[Model], dict[str, str]] = {
    Tenant: {
        "id": f"id + k * {PATTERN}",
        "org_id": f"{_ORG} || right(org_id, 3)",
        "name": "name || ' ' || k",
        "admin_email": "replace(admin_email, '.example', k || '.example')",
    },
    Connection: {
        **_OF_TENANT,
        **{name: _NEXT.format(name) for name in ("addon_name", "connection_id", "schema_name")},
    },
    SalesforceGrant: {**_OF_TENANT, "id": _ID.format("tenants_salesforcegrant")},
    Mapping: {
        "id": _ID.format("connect_mapping"),
        "connection_id": f"connection_id + k * {PATTERN}",
    },
    Health: {"connection_id": f"connection_id + k * {PATTERN}"},
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
        "to": "replace(\"to\", '.example', k || '.example')",
    },
    Callout: {**_OF_TENANT, "id": _ID.format("tenants_callout")},
}


def seed(size: int) -> None:
    """Fill an empty database with a fleet of `size` tenants and their history.

    Above PATTERN, the size must be a multiple of it.
    """
    drawn, now = random.Random(SEED), timezone.now()  # noqa: S311 (no secret)
    fleet = [_member(number, drawn, now) for number in range(1, min(size, PATTERN) + 1)]
    live = [each for each in fleet if each["connection"]["stage"] == Stage.LIVE]
    MappingTemplate.objects.get_or_create(version=1, defaults={"document": {"mappings": []}})
    copy(Tenant, (member["tenant"] for member in fleet))
    copy(Connection, (member["connection"] for member in fleet))
    copy(SalesforceGrant, (_grant(each, now) for each in live))
    copy(Mapping, chain.from_iterable(_mappings(each, drawn) for each in live))
    copy(Health, (_health(each) for each in live))
    copy(WriteError, chain.from_iterable(_write_errors(each) for each in live))
    copy(HealthSample, chain.from_iterable(_samples(each, now) for each in live))
    copy(Event, chain.from_iterable(_events(each) for each in fleet))
    copy(Message, chain.from_iterable(_messages(each) for each in fleet))
    copy(Callout, (_callout(each) for each in fleet))
    for model, changes in MULTIPLIED.items():
        multiply(model, changes, size // PATTERN)
    _machinery(len(live) * max(1, size // PATTERN), drawn, now)
    with database.cursor() as cursor:
        cursor.execute(
            "VACUUM ANALYZE"
        )  # index-only scans need the visibility map, as in production


def copy(model: type[Model], rows: Iterable[Row]) -> None:
    """Write rows by COPY: columns that a row leaves out get the model's default."""
    columns = model._meta.concrete_fields
    given = [each for each in columns if not isinstance(each, AutoField)]
    fields = [field for field in given if not field.generated]
    blank = {f.attname: f.get_db_prep_save(f.get_default(), database) for f in fields}
    names = [field.attname for field in fields]
    target = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with database.cursor() as cursor, cursor.copy(target) as stream:
        for row in rows:
            full = blank | row
            stream.write_row([full[name] for name in names])


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


# --- one tenant ----------------------------------------------------------------------------------


def _member(number: int, drawn: random.Random, now: datetime) -> Row:
    stage, facts = _case(drawn)
    registered = now - timedelta(days=drawn.uniform(20, 300))
    way = _way(stage, registered, drawn)
    moment = way[-1][1]
    if stage not in (Stage.LIVE, Stage.OFFBOARDED):  # still in provisioning: it registered recently
        shift = now - moment - timedelta(hours=drawn.choice((0.1, 1, 5, 30, 80, 170, 260)))
        way = [(each, at + shift) for each, at in way]
        registered, moment = registered + shift, moment + shift
    tenant = _tenant(number, drawn, registered, moment, stage)
    return {
        "tenant": tenant,
        "connection": _connection(number, tenant, stage, facts, way, drawn, now),
        "way": way,
    }


def _case(drawn: random.Random) -> tuple[Stage, Row]:
    (found,) = drawn.choices(CASES, weights=[weight for weight, _, _ in CASES])
    return found[1], found[2]


def _way(stage: Stage, start: datetime, drawn: random.Random) -> list[tuple[Stage, datetime]]:
    """Return each stage that was entered, with the time."""
    wanted = Stage.LIVE if stage == Stage.OFFBOARDED else stage
    here, at = Stage.WAITING_FOR_PROOF, start
    way = [(here, at)]
    while here != wanted:
        at += timedelta(seconds=_stay(here, drawn))
        here = NEXT[here]
        way.append((here, at))
    return way


def _stay(stage: Stage, drawn: random.Random) -> float:
    if stage in _PEOPLE:
        return drawn.lognormvariate(8.5, 1.3)  # people: hours, sometimes days
    if stage in (Stage.CREATING_ADDON, Stage.LOADING):
        return drawn.lognormvariate(4.8, 0.7)  # Heroku: minutes
    return drawn.uniform(0.5, 6)


def _tenant(
    number: int, drawn: random.Random, registered: datetime, moment: datetime, stage: Stage
) -> Row:
    first, second = drawn.choice(FIRST.split()), drawn.choice(SECOND.split())
    host = f"{first}-{second}{number}.example".lower()
    proven = stage != Stage.WAITING_FOR_PROOF
    return {
        "org_id": orgid.normalize(f"00D7g{number:010d}"),
        "name": f"{first} {second}",
        "admin_email": f"admin@{host}",
        "environment": "sandbox" if drawn.random() < 0.15 else "production",
        "package_version": drawn.choice(("1.4", "1.5", "1.5", "1.6")),
        "registered_at": registered,
        "proof": "signed" if proven else "",
        "proven_at": registered if proven else None,
        "offboarded_at": moment + timedelta(days=9) if stage == Stage.OFFBOARDED else None,
    }


def _connection(
    number: int,
    tenant: Row,
    stage: Stage,
    facts: Row,
    way: list[tuple[Stage, datetime]],
    drawn: random.Random,
    now: datetime,
) -> Row:
    entered = dict(way)
    since = tenant["offboarded_at"] or way[-1][1]
    known = {
        "tenant_id": number,
        "stage": stage,
        "stage_since": since,
        "next_attempt_at": None,
        "waiting_on": WaitingOn.SUBSCRIBER if stage in _PEOPLE else WaitingOn.PORTAL,
        "reminders_sent": min(3, (now - since).days // 2) if stage in _PEOPLE else 0,
        "offboarded_at": tenant["offboarded_at"],
        "live_at": entered.get(Stage.LIVE),
        "authorized_at": entered.get(Stage.IMPORTING_MAPPINGS),
        **facts,
    }
    if "blocked_reason" in facts:
        known |= {
            "blocked_at": since,
            "waiting_on": WaitingOn.STAFF,
            "waiting_for": "staff",
            "last_error": facts["blocked_reason"],
            "last_error_at": since,
            "last_request_id": f"{drawn.getrandbits(64):016x}",
            "attempts": 1,
        }
    return known | _at_heroku(number, tenant, stage, drawn, now)


def _at_heroku(number: int, tenant: Row, stage: Stage, drawn: random.Random, now: datetime) -> Row:
    if stage in (Stage.WAITING_FOR_PROOF, Stage.CREATING_ADDON):
        return {}
    authorized = stage in (Stage.IMPORTING_MAPPINGS, Stage.LOADING, Stage.LIVE)
    late = timedelta(hours=3) if drawn.random() < 0.006 else timedelta()
    return {
        "addon_name": f"hc-{number:08x}-1",
        "addon_id": f"01234567-89ab-cdef-0123-{number:012x}",
        "plan": "herokuconnect:demo",
        "connection_id": f"{number:08x}-1f6f-4fb8-8eb4-0ddb2d8a34b7",
        "region_url": "https://connect-eu.heroku.com",
        "schema_name": schemas.name_for(tenant["org_id"], 1),
        "seen_at": now - timedelta(minutes=drawn.uniform(0, 10)) - late,
        "organization_id": tenant["org_id"] if authorized else "",
        "salesforce_username": tenant["admin_email"] if authorized else "",
    }


# --- history ------------------------------------------------------------------------------------


def _number(member: Row) -> int:
    return int(member["connection"]["tenant_id"])


def _grant(member: Row, now: datetime) -> Row:
    tenant = member["tenant"]
    return {
        "tenant_id": _number(member),
        "instance_url": "https://acme.my.salesforce.com",
        "identity_url": f"https://login.salesforce.com/id/{tenant['org_id']}/005000000000001AAA",
        "username": tenant["admin_email"],
        "user_id": "005000000000001AAA",
        "scopes": "api id refresh_token",
        "issued_at": tenant["registered_at"],
        "refreshed_at": now,
    }


def _mappings(member: Row, drawn: random.Random) -> Iterator[Row]:
    number, connection = _number(member), member["connection"]
    for name in OBJECTS:
        rows = int(drawn.lognormvariate(7, 1.5))
        failed = int(drawn.lognormvariate(2, 1)) if drawn.random() < 0.012 else 0
        yield {
            "connection_id": number,
            "object_name": name,
            "mapping_id": f"{number:08x}-{name.lower()}",
            "state": "DATA_SYNCED",
            "access": "read_write" if name == "Tweet__c" else "read_only",
            "rows_in_database": rows,
            "rows_in_salesforce": rows + failed,
            "rows_pending": 0,
            "rows_failed": failed,
            "seen_at": connection["seen_at"],
        }


def _condition(member: Row) -> Condition:
    found = states.of_connection(member["connection"]["state"])
    is_degraded = found == Condition.HEALTHY and _number(member) % 250 == 0
    return Condition.DEGRADED if is_degraded else found


def _health(member: Row) -> Row:
    connection, condition = member["connection"], _condition(member)
    is_well = condition in states.WELL
    lost = timedelta(hours=(_number(member) * 7) % 90 + 1)
    is_degraded = condition == Condition.DEGRADED
    return {
        "connection_id": _number(member),
        "condition": condition,
        "reason": "Contact: BULK_LOAD_ERROR" if is_degraded else states.advice(connection["state"]),
        "sampled_at": connection["seen_at"],
        "good_at": connection["seen_at"] if is_well else connection["seen_at"] - lost,
        "uptime_day": 1000 if is_well else 850,
        "uptime_week": 998,
        "uptime_month": 997,
        "rows": 8000,
    }


def _write_errors(member: Row) -> Iterator[Row]:
    number = _number(member)
    if number % 40:
        return
    cause, last_at = WRITE_ERRORS[number // 40 % len(WRITE_ERRORS)], member["connection"]["seen_at"]
    yield {
        "connection_id": number,
        "table_name": "tweet__c",
        "cause": cause,
        "example": cause,
        "failed": number % 17 + 1,
        "first_at": last_at - timedelta(hours=9),
        "last_at": last_at,
        "seen_at": last_at,
    }


def _samples(member: Row, now: datetime) -> Iterator[Row]:
    broken = member["connection"]["state"] in ("SYSTEM_ERROR", "TOO_MANY_ROWS", "UNAUTHORIZED")
    hours = (_number(member) * 7) % 90 + 1  # how long ago it was well, if it is not
    for state, age in (
        ("IDLE", hours + 1),
        (member["connection"]["state"], 0 if broken else hours),
    ):
        yield {
            "connection_id": _number(member),
            "at": now - timedelta(hours=age),
            "state": state,
            "mappings": len(OBJECTS),
            "mappings_synced": len(OBJECTS),
            "rows_failed": 0,
        }


def _events(member: Row) -> Iterator[Row]:
    number = _number(member)
    yield _event(number, member["tenant"]["registered_at"], EventKind.REGISTERED, "Registered.")
    for stage, at in member["way"][1:]:
        kind = EventKind.LIVE if stage == Stage.LIVE else EventKind.STAGE
        yield _event(number, at, kind, f"{Stage(stage).label}.", stage=stage)
    connection = member["connection"]
    if connection.get("blocked_at"):
        reason, at = connection["blocked_reason"], connection["blocked_at"]
        yield _event(number, at, EventKind.BLOCKED, reason, stage=connection["stage"])


def _event(number: int, at: datetime, kind: EventKind, text: str, **data: str) -> Row:
    field = Event._meta.get_field("data")
    stored = field.get_db_prep_save({key: str(value) for key, value in data.items()}, database)
    return {"tenant_id": number, "at": at, "kind": kind, "text": text, "data": stored}


def _messages(member: Row) -> Iterator[Row]:
    number, tenant = _number(member), member["tenant"]
    lost = member["connection"]["stage"] in _PEOPLE and number % 9 == 0
    for stage, at in member["way"]:
        if stage not in _PEOPLE:
            continue
        kind = MessageKind.SIGN_IN if stage == _PEOPLE[0] else MessageKind.AUTHORIZE
        yield {
            "tenant_id": number,
            "kind": kind,
            "key": f"{kind}:{number}",
            "to": tenant["admin_email"],
            "subject": kind.label,
            "text": "Hello",
            "html": "<p>Hello</p>",
            "status": MessageStatus.BOUNCED if lost else MessageStatus.DELIVERED,
            "error": "550 5.1.1 no such mailbox" if lost else "",
            "created_at": at,
            "sent_at": at,
            "attempts": 1,
        }


def _callout(member: Row) -> Row:
    body = f'{{"org_id": "{member["tenant"]["org_id"]}"}}'
    return {
        "received_at": member["tenant"]["registered_at"],
        "remote_address": "192.0.2.7",
        "content_type": "application/json",
        "body": body.encode(),
        "signed": True,
        "status": 202,
        "outcome": "registered",
        "tenant_id": _number(member),
    }


# --- the machinery -------------------------------------------------------------------------------


def _machinery(many: int, drawn: random.Random, now: datetime) -> None:
    Heartbeat.objects.update_or_create(worker="worker.1:4", defaults={"beat_at": now})
    ApiBudget.objects.update_or_create(peer="heroku", defaults={"remaining": 3912, "seen_at": now})
    quarters = []
    for back in range(96, 0, -1):
        at = fleet_health.quarter(now) - fleet_health.QUARTER * back
        outage = 0.09 * many if 32 < back < 40 else 0.0  # two hours with a Heroku outage
        counts = {
            Condition.BROKEN: int(0.009 * many + outage * drawn.uniform(0.8, 1)),
            Condition.NEEDS_AUTHORIZATION: int(0.005 * many),
            Condition.DEGRADED: int(0.004 * many),
            Condition.WORKING: int(0.02 * many * drawn.uniform(0.5, 1.5)),
            Condition.PAUSED: int(0.013 * many),
            Condition.UNKNOWN: int(0.005 * many),
        }
        counts[Condition.HEALTHY] = many - sum(counts.values())
        quarters += [FleetCondition(at=at, condition=c, connections=n) for c, n in counts.items()]
    FleetCondition.objects.bulk_create(quarters)
