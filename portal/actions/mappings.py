"""Actions on one mapping of one tenant: the buttons of connect.operations.mapping."""

from collections.abc import Sequence
from typing import Any

from django import forms

from connect.formats import counted
from connect.mappings import lint
from connect.models import Mapping
from connect.operations import base
from connect.operations.base import Report
from connect.operations.mapping import REGISTRY
from portal.actions.action import Action, Options, Work
from portal.actions.forms import Question
from portal.models import BulkItem


class EditForm(Question):
    """The settings of a mapping as last seen, with their revision."""

    access = forms.ChoiceField(choices=[(mode, mode) for mode in lint.ACCESS_MODES])
    sf_polling_seconds = forms.IntegerField(
        label="Seconds between polls", max_value=lint.MAX_POLLING_SECONDS, min_value=60
    )
    upsert_field = forms.CharField(
        required=False,
        label="Unique identifier",
        help_text="The external id for upserts; one of the fields below.",
    )
    fields_wanted = forms.CharField(
        label="Fields",
        widget=forms.Textarea(attrs={"rows": 16, "class": "code", "spellcheck": "false"}),
        help_text="API names, one for each line. A field that goes takes its index along.",
    )
    # Heroku Connect refuses a change that was made to an older revision.
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def known(self) -> dict[str, Any]:
        config = self.targets[0].config if self.targets else {}
        return {
            "access": config.get("access"),
            "sf_polling_seconds": config.get("sf_polling_seconds"),
            "upsert_field": config.get("upsert_field") or "",
            "fields_wanted": "\n".join(config.get("fields", {})),
            "revision": config.get("revision"),
        }

    def options(self) -> dict[str, Any]:
        data = self.cleaned_data
        names = [line.strip() for line in data["fields_wanted"].splitlines()]
        config = {
            "access": data["access"],
            "sf_polling_seconds": data["sf_polling_seconds"],
            "upsert_field": data["upsert_field"] or None,
            "fields": {name: {} for name in names if name},
        }
        return {"config": config, "revision": data["revision"]}


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
        Work(perform, _store, _load),
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
