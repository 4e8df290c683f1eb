"""The indexes of a mapped table."""

from dataclasses import dataclass

from psycopg import sql

from emulator.connect.sync.catalog import connect_indexes
from emulator.connect.sync.columns import BadConfig, Config, mapped_columns
from emulator.connect.sync.names import Names, column_name, shortened, table_name
from emulator.connect.sync.session import PgConnection
from emulator.org.objects import SObject


@dataclass(frozen=True)
class Index:
    """An index on one column."""

    name: str
    column: str
    unique: bool


def wanted_indexes(sobject: SObject, config: Config) -> list[Index]:
    """List the indexes of a mapping; raises BadConfig for one on a field that is not mapped."""
    mapped = {column.name for column in mapped_columns(sobject, config)}
    # Connect makes these two whether the config lists them or not.
    unique = {"sfid": True}
    if "systemmodstamp" in mapped:
        unique["systemmodstamp"] = False
    for field, options in (config.get("indexes") or {}).items():
        if column_name(field) not in mapped:
            raise BadConfig(f"{sobject.name} has an index on {field}, which is not mapped")
        if column_name(field) != "sfid":
            unique[column_name(field)] = bool(options.get("unique"))
    table = table_name(sobject.name)
    return [
        Index(shortened(f"{'hcu' if alone else 'hc'}_idx_{table}_{column}"), column, alone)
        for column, alone in unique.items()
    ]


def create_index(conn: PgConnection, named: Names, index: Index) -> None:
    """Make one index."""
    create = sql.SQL("CREATE {unique} INDEX {index} ON {schema}.{table} ({column})").format(
        unique=sql.SQL("UNIQUE" if index.unique else ""),
        index=sql.Identifier(index.name),
        column=sql.Identifier(index.column),
        schema=named["schema"],
        table=named["table"],
    )
    conn.execute(create)


def change_indexes(conn: PgConnection, named: Names, wanted: list[Index]) -> None:
    """Drop the indexes that are no longer wanted, and make the missing ones."""
    present = connect_indexes(conn, named)
    for name in present - {index.name for index in wanted}:
        drop = sql.SQL("DROP INDEX {}.{}")
        conn.execute(drop.format(named["schema"], sql.Identifier(name)))
    for index in wanted:
        if index.name not in present:
            create_index(conn, named, index)
