"""The demo's month of history, made by the real code."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest

from demo import cast
from demo.past.machine import DAY, HOUR, MINUTE, Machine
from demo.past.month import MONTH
from demo.plan import Plan
from demo.ports import free_port
from demo.seeding import DONE, forget_half_a_month, seed
from demo.stack import Stack, running
from demo.tour.stops import stops

# Stage, why it is blocked, and its condition once it is live.
WANTED = {
    cast.ACME: ("live", "", "healthy"),
    cast.BOREALIS: ("live", "", "healthy"),
    cast.CIRRUS: ("waiting_for_authorization", "", None),
    cast.DUNE: ("waiting_for_consent", "", None),
    cast.EMBER: ("waiting_for_proof", "", None),
    cast.GLACIER: ("live", "", "needs_authorization"),
    cast.HARBOR: ("live", "", "healthy"),
    cast.INDIGO: ("live", "", "healthy"),
    cast.JUNIPER: ("creating_addon", "payment", None),
    cast.KESTREL: ("waiting_for_authorization", "wrong_org", None),
}
STANDING = (
    "SELECT t.org_id, c.stage, c.blocked_kind, h.condition FROM tenants_tenant t"
    " JOIN connect_connection c ON c.tenant_id = t.id"
    " LEFT JOIN connect_health h ON h.connection_id = c.id"
)


def test_the_acts_are_in_their_order() -> None:
    times = [act.ago for act in MONTH]
    assert times == sorted(times, reverse=True)
    assert times[0] == 30 * DAY


@pytest.mark.parametrize(
    ("ago", "step"),
    [(30 * DAY, DAY), (36 * HOUR, 12 * HOUR), (5 * HOUR, HOUR), (MINUTE, HOUR)],
)
def test_the_portal_looks_more_often_the_nearer_today_is(
    tmp_path: Path, ago: timedelta, step: timedelta
) -> None:
    plan = Plan(tmp_path, 6110, 6111, durable=False)
    machine = Machine(Stack(plan, "", "", "", {}, "", ago=ago))
    assert machine.step() == step


def test_a_first_start_that_was_stopped_half_way_begins_again(tmp_path: Path) -> None:
    plan = Plan(tmp_path, 6110, 6111, durable=True)
    data = tmp_path / "postgres"
    for folder in (data, plan.mail):
        folder.mkdir()
    (tmp_path / "postgres-directory").write_text(str(data))
    (tmp_path / DONE).touch()
    forget_half_a_month(plan)
    assert data.exists()
    (tmp_path / DONE).unlink()
    forget_half_a_month(plan)
    assert not data.exists()
    assert not plan.mail.exists()


@pytest.fixture(scope="module")
def lived() -> Iterator[Stack]:
    state = Path(tempfile.mkdtemp(prefix="multiconnect-past-"))
    plan = Plan(state, free_port(), free_port(), durable=False, patience=300, tour_port=6112)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        with running(plan, print, partial(seed, say=print)) as stack:
            yield stack


@pytest.mark.thorough
def test_after_the_month_there_is_one_tenant_in_each_kind_of_trouble(lived: Stack) -> None:
    with psycopg.connect(lived.database_url) as conn:
        found = {org: rest for org, *rest in conn.execute(STANDING).fetchall()}
        for org, (stage, blocked, condition) in WANTED.items():
            assert found[org.org_id] == [stage, blocked, condition], org.name
        healed = "SELECT count(*) FROM connect_healingattempt h JOIN connect_incident i"
        closed = f"{healed} ON i.id = h.incident_id WHERE i.status = 'closed'"
        assert conn.execute(closed).fetchone() != (0,)
        drifted = "SELECT count(*) FROM connect_drift WHERE state = 'drifted'"
        assert conn.execute(drifted).fetchone() == (1,)
        assert conn.execute("SELECT status FROM connect_rollout").fetchone() == ("paused",)
        days = "SELECT count(DISTINCT date_trunc('day', at)) FROM connect_healthsample"
        assert (conn.execute(days).fetchone() or (0,))[0] >= 28
        future = "SELECT count(*) FROM tenants_event WHERE at > now()"
        assert conn.execute(future).fetchone() == (0,)
        early = "SELECT count(*) FROM tenants_tenant t JOIN connect_mappingtemplate v"
        early = f"{early} ON t.registered_at < v.created_at WHERE v.author = 'portal'"
        assert conn.execute(early).fetchone() == (0,)


@pytest.mark.thorough
def test_every_stop_of_the_tour_leads_to_a_page_that_is_there(lived: Stack) -> None:
    for stop in stops(lived):
        for address in stop.links.values():
            assert "//change" not in address, stop.title
            assert "{" not in address
