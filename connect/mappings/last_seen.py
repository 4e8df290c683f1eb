"""A connection's mappings as the portal last saw them. No call is made."""

from connect.mappings.documents import MappingDocument
from connect.models import Connection


def row_counts(connection: Connection) -> dict[str, int | None]:
    """Return how many rows each object has, by its lower-case name; None if it is not known."""
    counts = connection.mappings.values_list(
        "object_name", "rows_in_salesforce", "rows_in_database"
    )
    # Salesforce's count first: it is what has to be read, and the table may still be loading.
    return {name.lower(): there if there is not None else here for name, there, here in counts}


def document(connection: Connection) -> MappingDocument:
    """Return the mappings as a document, with the names of the connection's own namespace."""
    found = connection.mappings.values_list("object_name", "config")
    mappings = [{"object_name": name, "config": config} for name, config in found]
    return {"version": 1, "mappings": mappings}
