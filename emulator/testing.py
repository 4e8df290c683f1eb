"""For tests and benches that need no served emulator: tables, the package's fields, record ids."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from emulator.connect.sync.schemas import create_schema, drop_schema
from emulator.connect.sync.tables import create_table
from emulator.control.breaks.library import GROUPS
from emulator.org import ids, packages
from emulator.org.installed import objects_of
from emulator.state.databases import has_hstore

__all__ = [
    "BREAKS",
    "PACKAGE_SOURCE",
    "make_tables",
    "object_fields",
    "package_read_from",
    "record_id",
]

PACKAGE_SOURCE = packages.SOURCE  # `main/default` of today's package
BREAKS = {group: [each.name for each in breaks] for group, breaks in GROUPS.items()}


def make_tables(
    conn: psycopg.Connection[Any],
    schema: str,
    mappings: Iterable[Mapping[str, Any]],
    *,
    namespace: str = "",
    package: str = "current",
) -> None:
    """Make a schema and its mapped tables as Heroku Connect does, in the caller's transaction.

    `mappings` are {object_name, config} as in export documents, `package` is `current` or `2016`.
    A schema of that name is dropped first.
    """
    merged_writes = not has_hstore(conn)
    drop_schema(conn, schema)
    create_schema(conn, schema, None, merged_writes)
    objects = {each.name: each for each in objects_of(namespace, packages.PACKAGES[package]())}
    for each in mappings:
        create_table(conn, schema, objects[each["object_name"]], each["config"], merged_writes)


def object_fields(namespace: str = "", package: str = "current") -> dict[str, set[str]]:
    """Return the field names of each object in an org that has the package."""
    objects = objects_of(namespace, packages.PACKAGES[package]())
    return {each.name: {field.name for field in each.fields} for each in objects}


@contextmanager
def package_read_from(source: Path) -> Iterator[None]:
    """Read today's package from another `main/default`, for orgs that are made in the block."""
    before, packages.SOURCE = packages.SOURCE, source
    try:
        yield
    finally:
        packages.SOURCE = before


def record_id(prefix: str, serial: int) -> str:
    """Make an 18-character Salesforce id from its first characters (3 to 9) and a number."""
    return ids.make(prefix, serial)
