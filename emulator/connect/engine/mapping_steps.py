"""The steps of a mapping: its table is made or changed, and then loaded.

A new mapping goes table -> bulk -> loaded, a changed one altered -> loaded.
"""

from emulator.connect.engine.agenda import Step, mapping_of, schedule_at
from emulator.connect.engine.counts import limit_rows, refresh_counts
from emulator.connect.engine.fit import checked_fit
from emulator.connect.engine.states import mark_bad_config, set_mapping_state
from emulator.connect.sync.catalog import table_exists
from emulator.connect.sync.columns import BadConfig
from emulator.connect.sync.load import load
from emulator.connect.sync.names import table_name
from emulator.connect.sync.tables import alter_table, create_table
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World


def _table(world: World, connection: Connection, step: Step) -> None:
    mapping = mapping_of(world, step)
    if mapping is not None and _make_table(world, connection, mapping):
        set_mapping_state(world, mapping, "WAIT_BULK_LOAD")
        at = step["at"] + world.behaviour.bulk_wait_seconds
        schedule_at(connection, at, "bulk", mapping=mapping.id)


def _bulk(world: World, connection: Connection, step: Step) -> None:
    mapping = mapping_of(world, step)
    if mapping is not None:
        _start_loading(world, connection, mapping, "LOADING_BULK_JOB", step)


def _altered(world: World, connection: Connection, step: Step) -> None:
    mapping = mapping_of(world, step)
    if mapping is not None and _make_table(world, connection, mapping):
        _start_loading(world, connection, mapping, "RESYNC", step)


def _start_loading(
    world: World, connection: Connection, mapping: Mapping, state: str, step: Step
) -> None:
    set_mapping_state(world, mapping, state)
    at = step["at"] + world.behaviour.bulk_load_seconds
    schedule_at(connection, at, "loaded", mapping=mapping.id)


def _make_table(world: World, connection: Connection, mapping: Mapping) -> bool:
    """Make or change the table; False after marking a mapping that does not fit the org."""
    fit = checked_fit(world, connection, mapping)
    if fit is None:
        return False
    schema = str(connection.schema_name)
    try:
        with world.database(connection) as conn:
            exists = table_exists(conn, schema, table_name(mapping.object_name))
            # After a reload, or when a deleted mapping left its table, there is one already.
            make = alter_table if exists else create_table
            make(conn, schema, fit.sobject, mapping.config, merged_writes=connection.merged_writes)
    except BadConfig as error:
        mark_bad_config(world, connection, mapping, str(error))
        return False
    return True


def _loaded(world: World, connection: Connection, step: Step) -> None:
    mapping = mapping_of(world, step)
    # The org may have lost the object or a field while the load was waiting.
    fit = checked_fit(world, connection, mapping) if mapping else None
    if mapping is None or fit is None:
        return
    records = fit.org.query(fit.sobject.name)
    with world.database(connection) as conn:
        load(conn, str(connection.schema_name), fit.sobject, mapping.config, records)
        refresh_counts(world, connection, mapping, conn)
    now = world.clock.now()
    mapping.polled_until = records[-1].modified_at if records else None
    mapping.polled_at = world.clock.seconds
    mapping.times.update(sf_poll=str(now), db_write=str(now))
    set_mapping_state(world, mapping, "DATA_SYNCED")
    limit_rows(world, connection)


MAPPING_STEPS = {"table": _table, "bulk": _bulk, "altered": _altered, "loaded": _loaded}
