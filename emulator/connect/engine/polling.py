"""The periodic work of Heroku Connect: polls of Salesforce, pushes of writes, archiving."""

import traceback

import psycopg

from emulator.connect.engine import due
from emulator.connect.engine.connections import note_use
from emulator.connect.engine.counts import limit_rows, refresh_counts
from emulator.connect.engine.fit import checked_fit
from emulator.connect.engine.states import mark_database_lost, notify
from emulator.connect.sync import trigger_log
from emulator.connect.sync.load import poll_salesforce
from emulator.connect.sync.push import push_writes
from emulator.connect.sync.sent import Sent
from emulator.connect.sync.session import PgConnection
from emulator.org.org import Org
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World

# Documented: 7 days for the demo plan, 30 to 31 for paid ones.
DEMO_ARCHIVE_DAYS, PAID_ARCHIVE_DAYS = 7, 30


def run(world: World, connection: Connection, *, everything: bool) -> None:
    """Do what is due, or with `everything` a whole round; the caller holds the connection.

    When nothing is due, Salesforce is not called, so a revoked grant is not noticed either.
    """
    if connection.state not in due.POLLED_STATES:
        return
    if not everything and not due.work_is_due(world, connection):
        return
    org = world.orgs.get(connection.organization_id or "")
    if org is None or not _may_go_on(world, connection):
        return
    try:
        with world.database(connection) as conn:
            _work(world, connection, org, conn, everything=everything)
    except psycopg.Error as error:
        mark_database_lost(world, connection, error)
    except Exception as error:
        # A bug in the emulator must show in the connection's state, and not end the engine.
        traceback.print_exc()
        connection.state = "SYSTEM_ERROR"
        notify(world, connection, "mapping-error", f"internal error: {error}")
    else:
        limit_rows(world, connection)
    world.put(connection)


def _may_go_on(world: World, connection: Connection) -> bool:
    """Stop a connection whose grant was revoked; pause one that was unused for too long."""
    grant = world.grants.get(connection.grant_id or "")
    if connection.grant_id and (grant is None or grant.revoked):
        connection.state = "UNAUTHORIZED"
        world.put(connection)
        return False
    if due.idle_seconds(world, connection) >= world.behaviour.pause_after_seconds:
        connection.state = "PAUSED"
        notify(world, connection, "inactivity", "Paused after 31 days without use.")
        return False
    return True


def _work(
    world: World, connection: Connection, org: Org, conn: PgConnection, *, everything: bool
) -> None:
    # Writes go out before the polls, which read the new records back in the same round.
    if everything or due.push_is_due(world, connection):
        _push(world, connection, org, conn)
    for mapping in due.synced(world, connection):
        if everything or due.poll_is_due(world, connection, mapping):
            _poll(world, connection, mapping, conn)
    if due.archive_is_due(world, connection):
        _archive(world, connection, conn)


def _poll(world: World, connection: Connection, mapping: Mapping, conn: PgConnection) -> None:
    """Copy what changed in the org to the table."""
    fit = checked_fit(world, connection, mapping)
    if fit is None:
        return
    schema = str(connection.schema_name)
    poll = poll_salesforce(conn, schema, fit.org, fit.sobject, mapping.config, mapping.polled_until)
    mapping.polled_until = poll.newest
    mapping.polled_at = world.clock.seconds
    mapping.times["sf_poll"] = str(world.clock.now())
    if poll.rows:
        mapping.times["db_write"] = str(world.clock.now())
        note_use(world, connection)
        refresh_counts(world, connection, mapping, conn)
    world.put(mapping)


def _push(world: World, connection: Connection, org: Org, conn: PgConnection) -> None:
    """Send what the trigger log captured to the org."""
    mappings = due.synced(world, connection)
    connection.db_polled_at = world.clock.seconds
    # Before the log is read, so that a ping during the push is not lost.
    connection.pinged = False
    now = world.clock.now()
    result = push_writes(
        conn,
        str(connection.schema_name),
        org,
        {each.object_name: each.config for each in mappings},
        now,
        merged_writes=connection.merged_writes,
        sent=Sent(world.sent, world.put_sent, world.save),
    )
    if not any(result):
        return
    connection.last_write = now
    note_use(world, connection)
    for mapping in mappings:
        mapping.times.update(db_poll=str(now), sf_write=str(now))
        refresh_counts(world, connection, mapping, conn)
        world.put(mapping)


def _archive(world: World, connection: Connection, conn: PgConnection) -> None:
    connection.archived_at = world.clock.seconds
    days = DEMO_ARCHIVE_DAYS if world.plan_of(connection) == "demo" else PAID_ARCHIVE_DAYS
    finished = world.clock.ago(world.behaviour.archive_seconds)
    trigger_log.archive(conn, str(connection.schema_name), finished, days)
