"""Tables filled as fast as Postgres can: no row is checked, and the indexes are made last."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection as database
from django.db.models import NOT_PROVIDED, AutoField, Model
from django.db.models.expressions import DatabaseDefault
from psycopg import sql

from bench.fleet.one_tenant import Row

# Those of constraints stay: they have no statement of their own.
_INDEXES = """
SELECT relname, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = ANY(%s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
# An index of ten million rows is sorted in memory.
_MEMORY = "1GB"


@contextmanager
def unindexed(tables: list[str]) -> Iterator[None]:
    """Let these tables have no indexes in this block, and check no foreign key.

    The session must be a superuser's. Nobody else may use the database.
    """
    with database.cursor() as cursor:
        cursor.execute(_INDEXES, [tables])
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("RESET session_replication_role")
        cursor.execute(f"SET maintenance_work_mem = '{_MEMORY}'")
        for _, definition in found:
            cursor.execute(definition)


def copy(model: type[Model], rows: Iterable[Row]) -> None:
    """Write rows by COPY: columns that a row leaves out get the model's default."""
    columns = model._meta.concrete_fields
    given = [each for each in columns if not isinstance(each, AutoField)]
    fields = [field for field in given if not field.generated]
    blank = {f.attname: f.get_db_prep_save(_default(f), database) for f in fields}
    names = [field.attname for field in fields]
    target = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with database.cursor() as cursor, cursor.copy(target) as stream:
        for row in rows:
            full = blank | row
            stream.write_row([full[name] for name in names])


def _default(field: Any) -> Any:
    """Return a field's default, which COPY does not take from the table where a column is named."""
    default = field.get_default()
    return field.db_default if isinstance(default, DatabaseDefault) else default


def fill(model: type[Model], source: str, **values: str) -> None:
    """Write a row for each row of `source`. `values` are columns as SQL; others get the default."""
    given = [each for each in model._meta.concrete_fields if not each.generated]
    fields = [each for each in given if each.column in values or _is_needed(each)]
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join(sql.Identifier(str(field.column)) for field in fields),
        sql.SQL(", ").join(_value(field, values) for field in fields),
        sql.SQL(source),
    )
    with database.cursor() as cursor:
        cursor.execute(statement)


def _is_needed(field: Any) -> bool:
    return not isinstance(field, AutoField) and field.db_default is NOT_PROVIDED


def _value(field: Any, values: dict[str, str]) -> sql.Composable:
    if field.column in values:
        return sql.SQL(values[field.column])
    return sql.Literal(field.get_db_prep_save(field.get_default(), database))
