"""Emulated connections in a process of their own, so that the portal's memory is measured alone."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from typing import Any

import emulator as emulated

OBJECTS = ("Account", "Contact", "Tweet__c", "Connection__c")
ORG = "00D5g{:010d}"
_CONFIG = {
    "access": "read_write",
    "sf_polling_seconds": 600,
    "sf_notify_enabled": False,
    "fields": {},
}


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
        running.reset()
        wanted = [_wanted(n, "SYSTEM_ERROR" if n < broken else "IDLE") for n in range(count)]
        running.control("POST", "connections", wanted)
        pipe.send(running.url)
        pipe.recv()
        running.reset()


def _wanted(number: int, state: str) -> dict[str, Any]:
    return {
        "id": name(number),
        "name": name(number),
        "org_id": ORG.format(number),
        "schema_name": f"sf_{number}",
        "state": state,
        "mappings": [{"object_name": each, "config": _CONFIG} for each in OBJECTS],
        "tables": False,
    }
