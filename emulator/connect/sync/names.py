"""Names of tables, columns and what belongs to a table, as Heroku Connect makes them."""

import hashlib

from psycopg import sql

MAX_NAME_BYTES = 63  # Postgres cuts longer names

Names = dict[str, sql.Identifier]


def table_name(object_name: str) -> str:
    """Return an object's table: its API name in lower case, with the namespace."""
    return shortened(object_name.lower())


def column_name(field_name: str) -> str:
    """Return a field's column: its API name in lower case; the Salesforce id is `sfid`."""
    lower = field_name.lower()
    return "sfid" if lower == "id" else shortened(lower)


def shortened(name: str) -> str:
    """Cut a name to Postgres' 63 bytes; a checksum keeps two long names apart."""
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    checksum = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: MAX_NAME_BYTES - 9]}_{checksum}"


def names(schema: str, table: str) -> Names:
    """Return the identifiers for a statement's {schema} and {table}."""
    return {"schema": sql.Identifier(schema), "table": sql.Identifier(table)}


def mapped_names(schema: str, object_name: str) -> Names:
    """Return the identifiers of a mapped table, its trigger functions and its triggers."""
    table = table_name(object_name)
    return {
        **names(schema, table),
        "status": sql.Identifier(shortened(f"hc_{table}_status")),
        "logger": sql.Identifier(shortened(f"hc_{table}_logger")),
        "status_trigger": sql.Identifier(shortened(f"hc_{table}_status_trigger")),
        "log_trigger": sql.Identifier(shortened(f"hc_{table}_logtrigger")),
    }
