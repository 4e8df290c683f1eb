"""What the database counts is what is said of each connection, for any mixture of facts."""

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from connect import standing
from connect.health import conditions
from connect.models import (
    BlockedKind,
    Condition,
    Connection,
    Drift,
    DriftState,
    Health,
    Incident,
    IncidentKind,
    IncidentStatus,
    Stage,
    WaitingOn,
    WriteError,
)
from connect.models.incident import COMMON, REGIONAL
from portal.dashboard import troubles as portal_troubles
from portal.dashboard.troubles import in_trouble, of_connections
from tests.portal.admin import strangers

pytestmark = pytest.mark.django_db

MANY = 150
REGIONS = ("https://connect-eu.heroku.com", "https://connect-us.heroku.com")
OWN = [kind for kind in IncidentKind if kind not in (*REGIONAL, *COMMON)]
LATE = timedelta(hours=1)
Drawn = random.Random


def a_fleet(drawn: Drawn, now: datetime) -> list[Connection]:
    """Make connections with any mixture of facts; half of them have none that is bad."""
    made = strangers.connected(range(1, MANY + 1))
    changed: set[str] = set()
    for row in made:
        facts = a_connection(drawn, now)
        vars(row).update(facts)
        changed |= facts.keys()
    Connection.objects.bulk_update(made, sorted(changed))
    Health.objects.bulk_create(a_health(drawn, row, now) for row in made if drawn.random() < 0.9)
    for row in made:
        if drawn.random() < 0.5:
            troubles(drawn, row, now)
    kind = drawn.choice([*REGIONAL, None])
    if kind == IncidentKind.REGION:
        an_incident(None, kind, now, region_url=REGIONS[0])
    elif kind:
        an_incident(None, kind, now)
    return made


def a_connection(drawn: Drawn, now: datetime) -> dict[str, Any]:
    is_live = drawn.random() < 0.7
    stage = Stage.LIVE if is_live else drawn.choice([Stage.LOADING, Stage.LINKING])
    facts: dict[str, Any] = {"stage": stage, "region_url": drawn.choice(REGIONS)}
    facts["waiting_on"] = WaitingOn.PORTAL if is_live else drawn.choice(list(WaitingOn))
    facts["stage_since"] = now - drawn.choice([timedelta(), timedelta(days=9)])
    if drawn.random() < 0.1:
        facts |= {"blocked_at": now, "blocked_reason": "No.", "blocked_kind": BlockedKind.PAYMENT}
    if is_live and drawn.random() < 0.1:
        facts["paused_until"] = now + drawn.choice([LATE, -LATE])
    if drawn.random() < 0.1:
        facts["snoozed_until"] = now + drawn.choice([LATE, -LATE])
    return facts


def a_health(drawn: Drawn, row: Connection, now: datetime) -> Health:
    condition = drawn.choice([Condition.HEALTHY] * 6 + list(Condition))
    at = drawn.choice([now] * 6 + [now - LATE, None])
    return Health(connection=row, condition=condition, sampled_at=at)


def troubles(drawn: Drawn, row: Connection, now: datetime) -> None:
    if drawn.random() < 0.3:
        Drift.objects.create(connection=row, state=drawn.choice(list(DriftState)))
    if drawn.random() < 0.2:
        WriteError.objects.create(connection=row, table_name="a", cause="b", failed=2)
    for kind in drawn.sample(OWN, drawn.randint(0, 2)):
        absent = now if drawn.random() < 0.4 else None
        an_incident(row, kind, now, absent_since=absent, status=drawn.choice(IncidentStatus.values))


def an_incident(
    row: Connection | None, kind: IncidentKind, now: datetime, **facts: Any
) -> Incident:
    given = {"status": IncidentStatus.OPEN, "opened_at": now, **facts}
    return Incident.objects.create(connection=row, kind=kind, text="Wrong.", **given)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_counted_is_what_is_said_of_each(seed: int) -> None:
    now = timezone.now()
    made = a_fleet(random.Random(seed), now)
    said = Counter(each.word for each in standing.of_many(made).values())
    assert len(said) > 4
    assert standing.counts(now) == said
    live = Health.objects.filter(connection__stage=Stage.LIVE)
    each = Counter(live.annotate(said=conditions.expression(now)).values_list("said", flat=True))
    each[Condition.UNKNOWN] += sum(
        row.stage == Stage.LIVE for row in Connection.objects.filter(health=None)
    )
    assert conditions.counts(now) == {name: each[name] for name in Condition}


@pytest.mark.parametrize("seed", range(4))
def test_what_may_be_in_trouble_leaves_out_nothing_that_is(seed: int) -> None:
    now = timezone.now()
    a_fleet(random.Random(seed), now)
    every = Connection.objects.order_by()
    one_by_one = dict(of_connections(every, now).exclude(cause="").values_list("pk", "cause"))
    assert len(set(one_by_one.values())) > 3
    assert set(in_trouble(every, now).values_list("pk", flat=True)) == set(one_by_one)
    assert Counter(portal_troubles.counts(every, now)) == Counter(one_by_one.values())
