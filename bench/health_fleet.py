"""Emulated connections in a process of their own, so that the portal's memory is measured alone."""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection as Pipe
from typing import Any

import emulator as emulated

OBJECTS = ("Account", "Contact", "Tweet__c", "Connection__c")
ORG = "00D5g{:010d}"
STOP_SECONDS = 60.0  # it removes its schemas
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


def is_broken(number: int, percent: int) -> bool:
    """Whether the n-th connection is broken: so many of each hundred, evenly spread."""
    return (number + 1) * percent // 100 > number * percent // 100


def place_of(number: int, count: int, places: int) -> int:
    """Return on which of the host apps the n-th connection is: neighbours share one."""
    return number * places // count


def wanted(count: int, percent: int, hosts: Sequence[str] = ("",)) -> list[dict[str, Any]]:
    """Return `count` connections as /control takes them, `percent` of them in SYSTEM_ERROR.

    They are on the apps `hosts`; "" is the portal's own.
    """
    return [
        _wanted(
            n,
            "SYSTEM_ERROR" if is_broken(n, percent) else "IDLE",
            hosts[place_of(n, count, len(hosts))],
        )
        for n in range(count)
    ]


@contextmanager
def served(
    database_url: str, app: str, count: int, percent: int, hosts: Sequence[str] = ("",)
) -> Iterator[str]:
    """Serve the connections of wanted(); yield the address."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    options = {"database_url": database_url, "app": app, "speed": 0}
    child = context.Process(
        target=_serve, args=(there, options, wanted(count, percent, hosts)), daemon=True
    )
    child.start()
    there.close()  # the child has its own: if it dies, recv() raises EOFError
    try:
        yield here.recv()
    finally:
        with suppress(OSError):  # it has ended
            here.send("stop")
        child.join(STOP_SECONDS)
        child.kill()


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
