"""The tenants' schemas: names, sizes, tables, and the only statement that drops one."""

import re
from collections.abc import Iterable

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from connect import databases

_SIZES = (
    "SELECT n.nspname, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint"
    " FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r'"
    " WHERE n.nspname = ANY(%s) GROUP BY n.nspname"
)
_TABLES = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname"
)
_NAME = re.compile(r"sf_00d[0-9a-z]{15}_[1-9][0-9]{0,4}")


class BadSchemaName(ValueError):
    """Not a schema name made by `name_for`."""


def name_for(org_id: str, generation: int) -> str:
    """Return the schema of an org's n-th connection, e.g. "sf_00db00000002ndmmam_1".

    Lower-casing loses nothing: the last three of the 18 characters record the case of the others.
    """
    return checked(f"sf_{org_id.lower()}_{generation}")


def checked(name: str) -> str:
    """Return `name` if it is a tenant's schema. Raises BadSchemaName."""
    if not _NAME.fullmatch(name):
        raise BadSchemaName(f"{name!r} is not the name of a tenant's schema")
    return name


def drop(name: str, alias: str) -> None:
    """Drop a tenant's schema with all its rows. A missing schema is not an error.

    `alias` is the database that it is in (connect.databases). Raises DatabaseAway.
    """
    # Checked again here: a wrong name would drop other data, with all that depends on it.
    statement = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(checked(name)))
    with databases.cursor_of(alias) as cursor:
        cursor.execute(statement)


def sizes(names: Iterable[str], alias: str) -> dict[str, int]:
    """Return how many bytes schemas take with their indexes; those that are not there are missing.

    Raises DatabaseAway.
    """
    with databases.cursor_of(alias) as cursor:
        cursor.execute(_SIZES, [list(names)])
        return dict(cursor.fetchall())


def tables(name: str, cursor: CursorWrapper) -> list[str]:
    """Return the tables of a schema, Heroku Connect's own included; none if it is not there."""
    cursor.execute(_TABLES, [checked(name)])
    return [table for (table,) in cursor.fetchall()]
