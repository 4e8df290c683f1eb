"""The emulator is killed at bad moments and at random ones, and goes on afterwards."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from emulator.connect.engine import resume
from emulator.connect.sync import push
from emulator.connect.sync.catalog import schema_owner
from emulator.connect.sync.schemas import create_schema
from emulator.server.serving import serve_world
from emulator.state.entities import AddOn, Connection, Mapping
from tests.emulator import kill_storm
from tests.emulator.client import ACCOUNT, ACME, Emulated

SEED = 15


class Killed(BaseException):
    """The process ends here; nothing of the emulator catches this."""


def die(*_: object, **__: object) -> Any:
    """End the process at this call."""
    raise Killed


def test_a_schema_that_was_made_just_before_the_end_is_taken_over(emulated: Emulated) -> None:
    url = emulated.linked()
    connection = _connection(emulated)
    emulated.world.behaviour.configure_seconds = 3600
    body = {"schema_name": "sf_acme_1", "db_key": "DATABASE_URL"}
    assert emulated.call("PATCH", url, json=body).status_code == 202
    with psycopg.connect(emulated.world.options.database_url, autocommit=True) as conn:
        _make_schema(emulated, conn, connection)
        with serve_world(emulated.world.options) as running:
            again = Emulated(running)
            again.advance(3600)
            path = url.removeprefix(emulated.running.url)
            assert again.detail(path)["state"] == "NEED_AUTHENTICATION"
        assert schema_owner(conn, "sf_acme_1") == connection.id


def test_the_schema_of_somebody_else_is_not_taken_over(emulated: Emulated) -> None:
    url = emulated.linked()
    emulated.world.behaviour.configure_seconds = 3600
    body = {"schema_name": "sf_acme_1", "db_key": "DATABASE_URL"}
    assert emulated.call("PATCH", url, json=body).status_code == 202
    with psycopg.connect(emulated.world.options.database_url, autocommit=True) as conn:
        conn.execute("CREATE SCHEMA sf_acme_1")
        emulated.advance(3600)
        assert emulated.detail(url)["state"] == "NEW"
        conn.execute("DROP SCHEMA sf_acme_1")


def _make_schema(
    emulated: Emulated, conn: "psycopg.Connection[Any]", connection: Connection
) -> None:
    merged = connection.merged_writes
    create_schema(conn, "sf_acme_1", None, merged_writes=merged, owner=connection.id)


def test_an_add_on_that_was_stored_without_its_connection_gets_one(emulated: Emulated) -> None:
    emulated.linked()
    emulated.world.drop(_connection(emulated))
    resume.pick_up(emulated.world)
    [addon] = emulated.world.all(AddOn)
    assert _connection(emulated).addon_id == addon.id


@pytest.mark.parametrize("state", resume.NEXT_STEP)
def test_a_mapping_that_was_stored_without_its_next_step_is_loaded(
    emulated: Emulated, state: str
) -> None:
    url = emulated.authorized(emulated.org(records={"Account": [{"Name": "Northwind"}]}))
    emulated.imported(url, ACCOUNT)
    assert emulated.states(url) == {"Account": "DATA_SYNCED"}
    [mapping] = emulated.world.all(Mapping)
    mapping.state = state
    _connection(emulated).agenda.clear()
    resume.pick_up(emulated.world)
    emulated.advance(1)
    assert emulated.states(url) == {"Account": "DATA_SYNCED"}


@pytest.mark.parametrize("moment", ["_record", "flush"])
def test_a_write_reaches_the_org_once_whenever_the_push_is_killed(
    emulated: Emulated, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    url = emulated.authorized(emulated.org())
    emulated.imported(url, ACCOUNT)
    assert emulated.states(url) == {"Account": "DATA_SYNCED"}
    emulated.behave(db_poll_seconds=3600, notify_seconds=3600)
    with psycopg.connect(emulated.world.options.database_url, autocommit=True) as conn:
        conn.execute("INSERT INTO sf_acme_1.account (name) VALUES ('Once')")
    with monkeypatch.context() as patch:
        if moment == "_record":
            patch.setattr(push._Push, "_record", die)
        else:
            patch.setattr(emulated.world, "save", die)
        with suppress(Killed):
            emulated.running.engine.sync()
    with serve_world(emulated.world.options) as running:
        again = Emulated(running)
        again.sync()
        records = again.get(f"/control/orgs/{ACME}/records/Account").json()["records"]
        assert [each["Name"] for each in records] == ["Once"]
        assert not again.world.sent


def test_the_clock_is_stored_with_every_change(emulated: Emulated) -> None:
    emulated.world.clock.advance(500)
    emulated.addon()
    with serve_world(emulated.world.options) as running:
        assert running.world.clock.seconds >= 500


def _connection(emulated: Emulated) -> Connection:
    [connection] = emulated.world.all(Connection)
    return connection


def test_no_tenant_is_held_while_the_emulator_is_killed_at_random(
    emulator_database: str, emulated: Emulated, tmp_path: Path
) -> None:
    kill_storm.run(emulator_database, tmp_path / "log", tenants=1, deaths=4, seed=SEED)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(3))
def test_no_tenant_is_held_in_a_long_storm(
    emulator_database: str,
    emulated: Emulated,
    tmp_path: Path,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    log = tmp_path / "log"
    deaths = kill_storm.run(emulator_database, log, tenants=3, deaths=40, seed=seed)
    part = f"The emulator, killed {deaths} times, seed {seed}"
    line = {"part": part, "promise": "tenants held, of 3", "found": "0", "holds": True}
    record_property("chaos", [line])
