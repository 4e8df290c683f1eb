"""The columns of a mapped table, from a mapping's config and the org's fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from emulator.connect.sync.names import column_name
from emulator.org.objects import STANDARD_FIELDS, Field, SObject

Config = Mapping[str, Any]  # a mapping's config as in export documents: access, fields, indexes …

# A parent's external id in a column of the child: Account__r__Number__c.
RELATIONSHIP = re.compile(r"([A-Za-z][A-Za-z0-9_]*)__r__([A-Za-z][A-Za-z0-9_]*)")
MAX_VARCHAR = 1000  # characters; longer text areas become `text`
_STANDARD_TYPES = {
    "Id": "id",
    "CreatedDate": "datetime",
    "SystemModstamp": "datetime",
    "LastModifiedDate": "datetime",
    "IsDeleted": "boolean",
}
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
    """A mapped column: its name, the field's API name as the org spells it, its SQL type."""

    name: str
    field: str
    sql_type: str

    @property
    def definition(self) -> sql.Composed:
        """SQL for CREATE TABLE or ADD COLUMN."""
        # The type comes from the tables above and holds no text from a client.
        return sql.SQL("{} {}").format(sql.Identifier(self.name), sql.SQL(self.sql_type))


def mapped_columns(sobject: SObject, config: Config) -> list[Column]:
    """List the columns of config["fields"], always with `sfid`, in the config's order.

    Raises BadConfig that names every field that the object does not have.
    """
    columns = {"sfid": Column("sfid", "Id", _SQL_TYPES["id"])}
    unknown = []
    for name in config["fields"]:
        column = _column(sobject, name)
        if column is None:
            unknown.append(name)
        else:
            columns[column.name] = column
    if unknown:
        raise BadConfig(f"{sobject.name} has no such field: {', '.join(unknown)}")
    return list(columns.values())


def _column(sobject: SObject, name: str) -> Column | None:
    known = sobject.field(name)
    if known:
        return Column(column_name(name), known.name, _sql_type(known))
    if RELATIONSHIP.fullmatch(name):
        return Column(column_name(name), name, "text")
    standard = next((each for each in STANDARD_FIELDS if each.lower() == name.lower()), None)
    if standard is None:
        return None
    return Column(column_name(standard), standard, _SQL_TYPES[_STANDARD_TYPES[standard]])


def _sql_type(known: Field) -> str:
    if known.type == "string" or (known.type == "textarea" and known.length <= MAX_VARCHAR):
        return f"varchar({int(known.length)})"
    return _SQL_TYPES.get(known.type, "text")
