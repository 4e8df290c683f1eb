"""What off-boarding has kept: how large each schema is, and dropping one later."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from connect import databases, schemas
from connect.databases import DatabaseAway
from connect.models import Connection, KeptSchema, SchemaFate
from connect.operations.base import OperationOutcome, Report, failed, skipped
from tenants import timeline
from tenants.models import EventKind

DROP = "Drop the schema"
Sizes = dict[int, int | None]


def sizes(rows: Iterable[Connection]) -> Sizes:
    """Return the bytes of each schema by its row's key, with one query for each database.

    None: it is not there. A schema whose database does not answer is missing.
    """
    by_database: dict[str, list[Connection]] = defaultdict(list)
    for row in rows:
        by_database[databases.alias_of(row)].append(row)
    found: Sizes = {}
    for alias, some in by_database.items():
        try:
            known = schemas.sizes([row.schema_name for row in some], alias)
        except DatabaseAway:
            continue
        found |= {row.pk: known.get(row.schema_name) for row in some}
    return found


def drop(pk: int, actor: str) -> Report:
    """Drop a schema that was kept, for a member of staff; a second time nothing is done."""
    row = KeptSchema.objects.select_related("tenant", "host_app").filter(pk=pk).first()
    if row is None:
        return skipped(DROP, "it is not kept any more")
    try:
        schemas.drop(row.schema_name, databases.alias_of(row))
    except DatabaseAway as away:
        return failed(DROP, f"{away}.")
    text = f"{DROP}: {row.schema_name} and all its rows are gone."
    # Afterwards: until it is noted, the schema is listed and can be dropped again.
    with transaction.atomic():
        KeptSchema.objects.filter(pk=pk).update(schema_fate=SchemaFate.DROP)
        timeline.note(row.tenant, EventKind.STAFF_ACTION, text, actor=actor)
    return Report(OperationOutcome.DONE, text)
