"""The periodical part of Heroku Connect: reading Salesforce, sending the trigger log, archiving."""

import traceback
from typing import Any

import psycopg

from emulator.connect.engine import agenda, mapping_steps, steps
from emulator.connect.sync import load, push, trigger_log
from emulator.org.org import Org
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World

POLLED_STATES = ("IDLE", "POLLING_DB_CHANGES", "BUSY")
HOURLY, DAILY = 3600.0, 86_400.0
DEMO_ARCHIVE_DAYS, PAID_ARCHIVE_DAYS = 7, 30


def is_due(world: World, connection: Connection) -> bool:
    """Tell whether a poll, a push or the archive has come due."""
    if connection.state not in POLLED_STATES or connection.organization_id is None:
        return False
    return (
        _push_is_due(world, connection)
        or _archive_is_due(world, connection)
        or any(_poll_is_due(world, connection, each) for each in _synced(world, connection))
    )


def run(world: World, connection: Connection, *, everything: bool) -> None:
    """Do what is due, or with `everything` a whole round; the caller holds the connection.

    Where nothing is due, nothing is asked, so that a revoked grant stays unnoticed as well.
    """
    if connection.state not in POLLED_STATES or not (everything or is_due(world, connection)):
        return
    org = world.orgs.get(connection.organization_id or "")
    if org is None or not _may_go_on(world, connection):
        return
    try:
        with world.database(connection) as conn:
            if everything or _push_is_due(world, connection):
                _push(world, connection, org, conn)
            for mapping in _synced(world, connection):
                if everything or _poll_is_due(world, connection, mapping):
                    _poll(world, connection, mapping, org, conn)
            if _archive_is_due(world, connection):
                _archive(world, connection, conn)
    except psycopg.Error as error:
        steps.database_lost(world, connection, error)
    except Exception as error:
        traceback.print_exc()
        connection.state = "SYSTEM_ERROR"
        agenda.notify(world, connection, "mapping-error", f"internal error: {error}")
    else:
        mapping_steps.limit_rows(world, connection)
    world.put(connection)


def touch(world: World, connection: Connection) -> None:
    """Note that somebody used the connection, so that a demo plan keeps its pace."""
    connection.used_at = world.clock.stamp


def _may_go_on(world: World, connection: Connection) -> bool:
    """Stop a connection whose grant was revoked, pause one that nobody used for long."""
    grant = world.grants.get(connection.grant_id or "")
    if connection.grant_id and (grant is None or grant.revoked):
        connection.state = "UNAUTHORIZED"
        world.put(connection)
        return False
    if _idle_seconds(world, connection) >= world.behaviour.pause_after_seconds:
        connection.state = "PAUSED"
        agenda.notify(world, connection, "inactivity", "Paused after 31 days without use.")
        return False
    return True


def _idle_seconds(world: World, connection: Connection) -> float:
    """Seconds without use; a paid plan never counts as idle."""
    if world.plan_of(connection) != "demo":
        return 0.0
    return world.clock.stamp - connection.used_at


def _synced(world: World, connection: Connection) -> list[Mapping]:
    found = world.mappings_of(connection)
    return [each for each in found if each.state in ("DATA_SYNCED", "POLLING_SF_CHANGES")]


def _poll_is_due(world: World, connection: Connection, mapping: Mapping) -> bool:
    every = float(mapping.config["sf_polling_seconds"])
    idle = _idle_seconds(world, connection)
    if idle >= world.behaviour.daily_polls_after_seconds:
        every = max(every, DAILY)
    elif idle >= world.behaviour.hourly_polls_after_seconds:
        every = max(every, HOURLY)
    return world.clock.seconds - mapping.polled_at >= every


def _push_is_due(world: World, connection: Connection) -> bool:
    waited = world.clock.seconds - connection.db_polled_at
    if waited >= world.behaviour.db_poll_seconds:
        return True
    return connection.pinged and waited >= world.behaviour.notify_seconds


def _archive_is_due(world: World, connection: Connection) -> bool:
    return world.clock.seconds - connection.archived_at >= world.behaviour.archive_seconds


def _poll(
    world: World,
    connection: Connection,
    mapping: Mapping,
    org: Org,
    conn: psycopg.Connection[Any],
) -> None:
    """Carry what changed in the org to the table."""
    sobject = org.describe(mapping.object_name)
    reason = mapping_steps.misfit(org, mapping)
    if sobject is None or reason is not None:
        mapping_steps.spoil(world, connection, mapping, reason or "")
        return
    poll = load.poll_salesforce(
        conn, str(connection.schema_name), org, sobject, mapping.config, mapping.polled_until
    )
    mapping.polled_until = poll.newest
    mapping.polled_at = world.clock.seconds
    mapping.times["sf_poll"] = str(world.clock.now())
    if poll.rows:
        mapping.times["db_write"] = str(world.clock.now())
        touch(world, connection)
        mapping_steps.count(world, connection, mapping, conn)
    world.put(mapping)


def _push(world: World, connection: Connection, org: Org, conn: psycopg.Connection[Any]) -> None:
    """Send what the trigger log captured to the org."""
    mappings = _synced(world, connection)
    connection.db_polled_at = world.clock.seconds
    connection.pinged = False
    now = world.clock.now()
    result = push.push_writes(
        conn,
        str(connection.schema_name),
        org,
        {each.object_name: each.config for each in mappings},
        now,
        merged_writes=connection.merged_writes,
    )
    if not any((result.success, result.failed, result.ignored, result.merged)):
        return
    connection.last_write = now
    touch(world, connection)
    for mapping in mappings:
        mapping.times.update(db_poll=str(now), sf_write=str(now))
        mapping_steps.count(world, connection, mapping, conn)
        world.put(mapping)


def _archive(world: World, connection: Connection, conn: psycopg.Connection[Any]) -> None:
    connection.archived_at = world.clock.seconds
    days = DEMO_ARCHIVE_DAYS if world.plan_of(connection) == "demo" else PAID_ARCHIVE_DAYS
    finished = world.clock.ago(world.behaviour.archive_seconds)
    trigger_log.archive(conn, str(connection.schema_name), finished, days)
