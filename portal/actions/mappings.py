"""Actions on one mapping of one tenant: the buttons of connect.operations.mapping."""

from collections.abc import Sequence
from typing import Any

from connect.formats import counted
from connect.models import Mapping
from connect.operations import base
from connect.operations.base import Report
from connect.operations.mapping import REGISTRY
from portal.actions.action import Action, Options, Work
from portal.actions.forms import Question
from portal.actions.mapping_form import EditForm
from portal.models import BulkItem


def _button(
    name: str,
    permission: str,
    explains: str,
    *,
    form: type[Question] | None = None,
    destructive: bool = False,
) -> Action:
    """Make the action that runs an operation on a mapping."""
    operation = REGISTRY[name]

    def refusal(mapping: Mapping) -> str:
        return operation.refusal(mapping.connection)

    def perform(mapping: Mapping, actor: str, options: Options) -> Report:
        wanted = {"object_name": mapping.object_name, **options}
        return base.perform(operation, mapping.connection_id, actor, wanted)

    return Action(
        name,
        operation.label,
        explains,
        (Mapping,),
        permission,
        Work(perform, _store, _load, operation.calls),
        refusal,
        _rows,
        form,
        destructive=destructive,
        naming=_name,
    )


def _store(mapping: Mapping) -> dict[str, Any]:
    connection = mapping.connection
    # By its object, because a refresh may store the mapping as another row.
    target = {"object_name": mapping.object_name}
    return {"tenant": connection.tenant, "connection": connection, "target": target}


def _load(item: BulkItem) -> Mapping | None:
    found = Mapping.objects.select_related("connection__tenant")
    return found.filter(connection=item.connection, **item.target).first()


def _name(mapping: Mapping) -> str:
    return f"{mapping.object_name} of {mapping.connection.tenant}"


def _rows(mappings: Sequence[Mapping]) -> list[str]:
    return [
        f"{_name(each)}: {counted(each.rows_in_salesforce, 'row')} in Salesforce, as last counted."
        for each in mappings
        if each.rows_in_salesforce is not None
    ]


ACTIONS = (
    _button(
        "reload",
        "connect.reload_mapping",
        "The whole table is reloaded from Salesforce. Until it is loaded, rows may be missing.",
        destructive=True,
    ),
    _button(
        "diagnose",
        "connect.diagnose_mapping",
        "Runs Heroku Connect's own check of this mapping.",
    ),
    _button(
        "edit",
        "connect.edit_mapping",
        "Changes this mapping for this tenant alone. Heroku Connect loads what is new.",
        form=EditForm,
    ),
    _button(
        "delete",
        "connect.remove_mapping",
        "This tenant's object is no longer synchronized. Heroku Connect may drop its table; "
        "Salesforce keeps its records.",
        destructive=True,
    ),
)
