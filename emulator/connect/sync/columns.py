"""The columns of a mapped table, from a mapping's config and the org's fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from emulator.connect.sync.names import column_name
from emulator.org.objects import Field, SObject

Config = Mapping[str, Any]  # a mapping's config as in export documents: access, fields, indexes …

MAX_VARCHAR = 1000  # characters; longer text areas become `text`
# Source: public dumps of real connection schemas.
_SQL_TYPES = {
    "id": "varchar(18)",
    "reference": "varchar(18)",
    "picklist": "varchar(255)",
    "multipicklist": "varchar(4099)",
    "double": "double precision",
    "currency": "double precision",
    "percent": "double precision",
    "int": "integer",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
    "email": "varchar(80)",
    "phone": "varchar(40)",
    "url": "varchar(255)",
}


class BadConfig(Exception):
    """A mapping names a field or an index that cannot exist; the text says which."""


@dataclass(frozen=True)
class Column:
    """A mapped column: its name, the field's API name as the org spells it, its SQL type.

    `from_parent`: it holds a parent's external id, and is not a field of this object.
    """

    name: str
    field: str
    sql_type: str
    from_parent: bool = False

    @property
    def definition(self) -> sql.Composed:
        """SQL for CREATE TABLE or ADD COLUMN."""
        # The type comes from the tables above and holds no text from a client.
        return sql.SQL("{} {}").format(sql.Identifier(self.name), sql.SQL(self.sql_type))


def mapped_columns(sobject: SObject, config: Config) -> list[Column]:
    """List the columns of config["fields"], always with `sfid`, in the config's order.

    Raises BadConfig that names every field that the object does not have, or that is there twice.
    """
    unknown = unknown_fields(sobject, config)
    if unknown:
        raise BadConfig(f"{sobject.name} has no such field: {', '.join(unknown)}")
    columns = {"sfid": Column("sfid", "Id", _SQL_TYPES["id"])}
    seen: set[str] = set()
    for name in config["fields"]:
        column = _column(sobject, name)
        # Postgres refuses a second column of the name.
        if column.name in seen:
            raise BadConfig(f"{sobject.name} maps {name} twice")
        seen.add(column.name)
        columns[column.name] = column
    return list(columns.values())


def unknown_fields(sobject: SObject, config: Config) -> list[str]:
    """List the mapped names that are neither fields of the object nor ways to a parent's field."""
    return [
        name
        for name in config["fields"]
        if not sobject.field(name) and not parent_key(sobject, name)
    ]


def parent_key(sobject: SObject, name: str) -> tuple[Field, str] | None:
    """Return the lookup and the parent's field that a name such as Account__Key__c means."""
    ways = [
        each
        for each in sobject.fields
        if each.relationship and name.lower().startswith(f"{each.relationship.lower()}__")
    ]
    if not ways or sobject.field(name):
        return None
    lookup = max(ways, key=lambda each: len(each.relationship))
    return lookup, name[len(lookup.relationship) + 2 :]


def _column(sobject: SObject, name: str) -> Column:
    known = sobject.field(name)
    if known is None:
        return Column(column_name(name), name, "text", from_parent=True)
    return Column(column_name(name), known.name, _sql_type(known))


def _sql_type(known: Field) -> str:
    if known.type == "string" or (known.type == "textarea" and known.length <= MAX_VARCHAR):
        return f"varchar({int(known.length)})"
    return _SQL_TYPES.get(known.type, "text")
