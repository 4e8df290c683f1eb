"""A fleet of emulated connections in a process of its own, so that the portal's memory is alone."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from typing import Any

import emulator as emulated
from emulator.state.entities import AddOn, Connection, Mapping

OBJECTS = ("Account", "Contact", "Tweet__c", "Connection__c")
ORG = "00D5g{:010d}"
_CONFIG = {"access": "read_write", "sf_polling_seconds": 600, "sf_notify_enabled": False}
_NOW = datetime.now(UTC)


def name(number: int) -> str:
    """Return the n-th connection's id, which is its add-on's name too."""
    return f"hc-bench-{number:06d}"


@contextmanager
def served(database_url: str, app: str, count: int, broken: int) -> Iterator[str]:
    """Serve `count` connections, the first `broken` of them in SYSTEM_ERROR; yield the address."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    options = {"database_url": database_url, "app": app, "speed": 0}
    child = context.Process(target=_serve, args=(there, options, count, broken), daemon=True)
    child.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        child.join()


def _serve(pipe: Pipe, options: dict[str, Any], count: int, broken: int) -> None:
    with emulated.serve(emulated.Options(**options)) as running:
        running.world.reset()
        for number in range(count):
            _make(running.world, number, "SYSTEM_ERROR" if number < broken else "IDLE")
        running.world.store.flush()
        pipe.send(running.url)
        pipe.recv()
        running.world.reset()


def _make(world: Any, number: int, state: str) -> None:
    key = name(number)
    world.put(
        AddOn(
            id=key,
            name=key,
            plan="herokuconnect:demo",
            attachment_id=key,
            attachment_name=f"HC_{number}",
            config={},
            state="provisioned",
            ready_at=0,
            created_at=_NOW,
            updated_at=_NOW,
            linked=True,
        )
    )
    connection = Connection(id=key, number=number, addon_id=key, created_at=_NOW, state=state)
    connection.schema_name, connection.db_key = f"sf_{number}", "DATABASE_URL"
    connection.organization_id = ORG.format(number)
    world.put(connection)
    for object_name in OBJECTS:
        mapping = Mapping(f"{key}-{object_name}", number, key, object_name, _CONFIG, _NOW, _NOW)
        mapping.state = "DATA_SYNCED"
        world.put(mapping)
