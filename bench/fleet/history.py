"""What one tenant has left behind: grants, mappings, health, events, e-mails."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection as database

from bench.fleet.cases import WRITE_ERRORS
from bench.fleet.one_tenant import PEOPLE, Row
from connect.health import causes, states
from connect.models import Condition, DriftState, IncidentKind, IncidentStatus, Stage
from tenants.models import Event, EventKind, MessageKind, MessageStatus

OBJECTS = ("Account", "Contact", "Tweet__c")


def number_of(member: Row) -> int:
    """Return a tenant's number, which is its key too."""
    return int(member["connection"]["tenant_id"])


def grant(member: Row, now: datetime) -> Row:
    """Return the Salesforce grant of a live tenant."""
    tenant = member["tenant"]
    return {
        "tenant_id": number_of(member),
        "instance_url": "https://acme.my.salesforce.com",
        "identity_url": f"https://login.salesforce.com/id/{tenant['org_id']}/005000000000001AAA",
        "username": tenant["admin_email"],
        "user_id": "005000000000001AAA",
        "scopes": "api id refresh_token",
        "issued_at": tenant["registered_at"],
        "refreshed_at": now,
    }


def mappings(member: Row, drawn: random.Random) -> Iterator[Row]:
    """Yield its mappings; a few have failed rows."""
    number, connection = number_of(member), member["connection"]
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
    is_degraded = found == Condition.HEALTHY and number_of(member) % 250 == 0
    return Condition.DEGRADED if is_degraded else found


def health(member: Row) -> Row:
    """Return its health now."""
    connection, condition = member["connection"], _condition(member)
    is_well = condition in states.WELL
    lost = timedelta(hours=(number_of(member) * 7) % 90 + 1)
    is_degraded = condition == Condition.DEGRADED
    return {
        "connection_id": number_of(member),
        "condition": condition,
        "reason": "Contact: BULK_LOAD_ERROR"
        if is_degraded
        else states.meaning(connection["state"]),
        "sampled_at": connection["seen_at"],
        "good_at": connection["seen_at"] if is_well else connection["seen_at"] - lost,
        "uptime_day": 1000 if is_well else 850,
        "uptime_week": 998,
        "uptime_month": 997,
        "rows": 8000,
    }


def write_errors(member: Row) -> Iterator[Row]:
    """Yield failed writes for one tenant in forty."""
    number = number_of(member)
    if number % 40:
        return
    cause, last_at = WRITE_ERRORS[number // 40 % len(WRITE_ERRORS)], member["connection"]["seen_at"]
    yield {
        "connection_id": number,
        "table_name": "tweet__c",
        "cause": cause,
        "failed": number % 17 + 1,
        "first_at": last_at - timedelta(hours=9),
        "last_at": last_at,
        "seen_at": last_at,
    }


def incidents(member: Row) -> Iterator[Row]:
    """Yield the open incident of a connection that is not well, and a closed one of some others."""
    number, connection = number_of(member), member["connection"]
    kind, at = causes.kind_of(connection["state"]), connection["seen_at"]
    if kind is None and number % 50:
        return
    began = at - timedelta(hours=(number * 7) % 90 + 1)
    yield {
        "connection_id": number,
        "kind": kind or IncidentKind.STUCK_WRITES,
        "status": IncidentStatus.OPEN if kind else IncidentStatus.CLOSED,
        "text": states.meaning(connection["state"]) or "7 writes are waiting.",
        "suspected_at": began,
        "seen_at": at,
        "opened_at": began + timedelta(minutes=5),
        "closed_at": None if kind else at,
    }


def drift(member: Row) -> Iterator[Row]:
    """Yield what its mappings are compared with: one in two hundred has drifted."""
    number, at = number_of(member), member["connection"]["seen_at"]
    state = DriftState.DRIFTED if number % 200 == 3 else DriftState.SAME
    yield {"connection_id": number, "state": state, "since": at, "checked_at": at}


def samples(member: Row, now: datetime) -> Iterator[Row]:
    """Yield the first sample and the newest one."""
    broken = member["connection"]["state"] in ("SYSTEM_ERROR", "TOO_MANY_ROWS", "UNAUTHORIZED")
    hours = (number_of(member) * 7) % 90 + 1  # how long ago it was well, if it is not
    for state, age in (
        ("IDLE", hours + 1),
        (member["connection"]["state"], 0 if broken else hours),
    ):
        yield {
            "connection_id": number_of(member),
            "at": now - timedelta(hours=age),
            "state": state,
            "mappings": len(OBJECTS),
            "mappings_synced": len(OBJECTS),
            "rows_failed": 0,
        }


def events(member: Row) -> Iterator[Row]:
    """Yield its timeline."""
    number = number_of(member)
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


def messages(member: Row) -> Iterator[Row]:
    """Yield the e-mails of the stages that wait for a person."""
    number, tenant = number_of(member), member["tenant"]
    lost = member["connection"]["stage"] in PEOPLE and number % 9 == 0
    for stage, at in member["way"]:
        if stage not in PEOPLE:
            continue
        kind = MessageKind.SIGN_IN if stage == PEOPLE[0] else MessageKind.AUTHORIZE
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


def request_id(number: int) -> str:
    """Return the id that Heroku's router gave to a tenant's registration."""
    return f"5ca1ab1e-0000-4000-8000-{number:012x}"


def callout(member: Row) -> Row:
    """Return the callout that registered it."""
    body = f'{{"org_id": "{member["tenant"]["org_id"]}"}}'
    return {
        "received_at": member["tenant"]["registered_at"],
        "request_id": request_id(number_of(member)),
        "remote_address": "192.0.2.7",
        "content_type": "application/json",
        "body": body.encode(),
        "signed": True,
        "status": 202,
        "outcome": "registered",
        "tenant_id": number_of(member),
    }
