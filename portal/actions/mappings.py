"""Actions on one mapping of one tenant: the buttons of connect.operations.mapping."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import transaction

from connect import tasks
from connect.formats import counted
from connect.mappings import lint
from connect.models import Mapping
from connect.operations.base import Operation
from connect.operations.mapping import REGISTRY
from portal.actions.action import Action, Options
from portal.actions.forms import Question
from portal.actions.result import Result, queued
from tenants.queue import enqueue_as


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
    """Make the action that queues an operation on a mapping."""
    operation = REGISTRY[name]

    def refusal(mapping: Mapping) -> str:
        return operation.refusal(mapping.connection)

    def run(targets: Sequence[Mapping], actor: str, options: Options) -> Result:
        return _queue(operation, targets, actor, options)

    return Action(
        name,
        operation.label,
        explains,
        (Mapping,),
        permission,
        run,
        refusal,
        _rows,
        form,
        destructive,
        naming=_name,
    )


@transaction.atomic
def _queue(
    operation: Operation, mappings: Sequence[Mapping], actor: str, options: Options
) -> Result:
    for mapping in mappings:
        enqueue_as(
            f"{operation.name} mapping {mapping.pk}",
            tasks.operate_mapping,
            operation.name,
            mapping.connection_id,
            actor=actor,
            options={"object_name": mapping.object_name, **options},
        )
    return queued(", ".join(map(_name, mappings)))


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
