"""Dropping the schemas that off-boarding has kept."""

from collections.abc import Sequence
from typing import Any

from django.template.defaultfilters import filesizeformat

from connect import kept_schemas
from connect.formats import counted
from connect.models import KeptSchema
from connect.operations.base import Report
from portal.actions.action import Action, Options, Work
from portal.actions.forms import TypedForm
from portal.models import BulkItem


class DropForm(TypedForm):
    """The name of the schema, or how many they are."""

    noun = "schemas"


def _drop(row: KeptSchema, actor: str, options: Options) -> Report:
    return kept_schemas.drop(row.pk, actor)


def _store(row: KeptSchema) -> dict[str, Any]:
    return {"tenant": row.tenant, "connection": row, "target": {"schema": row.schema_name}}


def _load(item: BulkItem) -> KeptSchema | None:
    return KeptSchema.objects.filter(pk=item.connection_id or 0).first()


def _sizes(rows: Sequence[KeptSchema]) -> list[str]:
    """Return how much is lost."""
    known = [size for size in kept_schemas.sizes(rows).values() if size is not None]
    said = f"{counted(len(known), 'schema')} with {filesizeformat(sum(known))} of rows and indexes."
    return [said, "Export what somebody may ask for: each schema's page has a button for it."]


ACTIONS = (
    Action(
        "drop_schema",
        kept_schemas.DROP,
        "Deletes the schema with all its rows from Postgres. This cannot be undone.",
        (KeptSchema,),
        "connect.drop_keptschema",
        Work(_drop, _store, _load),
        details=_sizes,
        form=DropForm,
        destructive=True,
        in_bulk=True,
    ),
)
