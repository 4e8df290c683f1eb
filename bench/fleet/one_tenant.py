"""One tenant of the fleet: who it is, and how far its connection is."""

import random
from datetime import datetime, timedelta
from typing import Any

from bench.fleet.cases import CASES, FIRST, SECOND
from connect import schemas
from connect.models import Stage, WaitingOn
from connect.provisioning.stages import NEXT
from tenants import orgid

Row = dict[str, Any]
HOSTS = 2  # host apps for each thousand tenants
PEOPLE = (Stage.WAITING_FOR_CONSENT, Stage.WAITING_FOR_AUTHORIZATION)


def member(number: int, drawn: random.Random, now: datetime) -> Row:
    """Return a tenant, its connection, and its way through the stages."""
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
    if stage in PEOPLE:
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
        "waiting_on": WaitingOn.SUBSCRIBER if stage in PEOPLE else WaitingOn.PORTAL,
        "reminders_sent": min(3, (now - since).days // 2) if stage in PEOPLE else 0,
        "offboarded_at": tenant["offboarded_at"],
        "live_at": entered.get(Stage.LIVE),
        "authorized_at": entered.get(Stage.IMPORTING_MAPPINGS),
        **facts,
    }
    if "blocked_reason" in facts:
        known |= {
            "blocked_at": since,
            "trouble_since": since,
            "trouble_stage": stage,
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
        "host_app_id": 1 + number % HOSTS,
        "addon_requested_at": tenant["registered_at"],
        "monthly_cents": None if number % 3 else 50_000,
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
