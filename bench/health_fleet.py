"""Emulated connections in a process of their own, so that the portal's memory is measured alone."""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from typing import Any

import emulator as emulated

OBJECTS = ("Account", "Contact", "Tweet__c", "Connection__c")
ORG = "00D5g{:010d}"
DATABASES = {"DATABASE": "postgresql-emulated"}
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
def served(
    database_url: str, app: str, count: int, broken: int, hosts: Sequence[str] = ("",)
) -> Iterator[str]:
    """Serve `count` connections, the first `broken` of them in SYSTEM_ERROR; yield the address.

    They are in turn on the apps `hosts`; "" is the portal's own.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    options = {"database_url": database_url, "app": app, "speed": 0}
    wanted = [
        _wanted(n, "SYSTEM_ERROR" if n < broken else "IDLE", hosts[n % len(hosts)])
        for n in range(count)
    ]
    child = context.Process(target=_serve, args=(there, options, wanted), daemon=True)
    child.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        child.join()


def _serve(pipe: Pipe, options: dict[str, Any], wanted: list[dict[str, Any]]) -> None:
    with emulated.serve(emulated.Options(**options)) as running:
        running.reset()
        for name in sorted({each["app"] for each in wanted} - {"", options["app"]}):
            running.control("POST", "apps", {"name": name, "databases": DATABASES})
        running.control("POST", "connections", wanted)
        pipe.send(running.url)
        pipe.recv()
        running.reset()


def _wanted(number: int, state: str, app: str) -> dict[str, Any]:
    return {
        "app": app,
        "id": name(number),
        "name": name(number),
        "org_id": ORG.format(number),
        "schema_name": f"sf_{number}",
        "state": state,
        "mappings": [{"object_name": each, "config": _CONFIG} for each in OBJECTS],
        "tables": False,
    }
