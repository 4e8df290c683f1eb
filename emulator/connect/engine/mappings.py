"""Mappings found, made, changed and reloaded; the work follows as steps."""

import uuid
from typing import Any

from emulator.connect.engine.agenda import drop_steps, schedule, schedule_at
from emulator.connect.engine.states import MAPPING_ERRORS, set_mapping_state
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World
from emulator.times import iso

FIRST_REVISION = 1
_ADDED_BY_CONNECT = {"revision", "applied_at"}


def find_mapping(world: World, connection: Connection, object_name: str) -> Mapping | None:
    """Find the mapping of an object, in any case of its name."""
    wanted = object_name.lower()
    found = (m for m in world.mappings_of(connection) if m.object_name.lower() == wanted)
    return next(found, None)


def put_mapping(
    world: World,
    connection: Connection,
    object_name: str,
    config: dict[str, Any],
    at: float | None = None,
) -> Mapping:
    """Make or overwrite the mapping of an object; its table follows as steps, counted from `at`."""
    mapping = find_mapping(world, connection, object_name)
    if mapping is None:
        mapping = _new_mapping(world, connection, object_name, config)
        state, step = "INITIAL", "table"
    # The same config changes nothing, but it is a way to repair a broken mapping.
    elif mapping.state not in MAPPING_ERRORS and _is_same(mapping.config, config):
        return mapping
    else:
        revision = mapping.config["revision"] + 1
        mapping.config = {**config, "revision": revision, "applied_at": iso(world.clock.now())}
        state, step = "SCHEMA_CHANGED", "altered"
    set_mapping_state(world, mapping, state)
    # Steps of an older config would load the table a second time.
    drop_steps(connection, mapping)
    at = world.clock.seconds if at is None else at
    schedule_at(connection, at + world.behaviour.initial_seconds, step, mapping=mapping.id)
    world.put(connection)
    return mapping


def _new_mapping(
    world: World, connection: Connection, object_name: str, config: dict[str, Any]
) -> Mapping:
    now = world.clock.now()
    return Mapping(
        id=str(uuid.uuid4()),
        number=world.next_number(),
        connection_id=connection.id,
        object_name=object_name,
        config={**config, "revision": FIRST_REVISION, "applied_at": iso(now)},
        created_at=now,
        updated_at=now,
    )


def _is_same(current: dict[str, Any], wanted: dict[str, Any]) -> bool:
    extra = current.keys() - wanted.keys()
    # A client may send an export back, which still holds what Connect has added.
    return {**current, **wanted} == current and extra <= _ADDED_BY_CONNECT


def reload(world: World, connection: Connection, mapping: Mapping) -> None:
    """Start to load a table again from the org."""
    set_mapping_state(world, mapping, "RELOAD_TABLE")
    drop_steps(connection, mapping)
    schedule(world, connection, world.behaviour.initial_seconds, "table", mapping=mapping.id)
