"""The post-mortem of an incident: what staff write down after it."""

from typing import Any

from django import forms
from django.db import transaction

from connect.models import Incident, IncidentStatus
from connect.operations import base
from connect.operations.base import OperationOutcome, Report
from portal.actions.action import Action, Options, Work
from portal.actions.care import NOTE, NoteForm, load_row, store_row, write
from portal.actions.subject import Subject
from tenants.models import EventKind

MAX_LENGTH = 10_000  # characters


class PostMortemForm(NoteForm):
    """The whole text, as it was."""

    note = forms.CharField(
        label="Post-mortem",
        max_length=MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 12, "autofocus": True}),
        help_text="What happened, why, and what is done so that it does not happen again.",
    )

    def known(self) -> dict[str, Any]:
        """Return the text that is there already."""
        return {"note": self.targets[0].post_mortem}


@transaction.atomic
def _write(incident: Incident, actor: str, options: Options) -> Report:
    # An erasure takes the text out of what was pressed.
    if not options.get("note"):
        return base.skipped("Write the post-mortem", "its text was erased")
    Incident.objects.filter(pk=incident.pk).update(post_mortem=str(options["note"]))
    connection = incident.connection
    target = Subject(connection.tenant, connection) if connection else incident
    text = f"Post-mortem of incident {incident.pk}, {incident.get_kind_display()}: written."
    write(target, EventKind.STAFF_ACTION, actor, text)
    return Report(OperationOutcome.DONE, text)


def _refusal(incident: Incident) -> str:
    is_suspected = incident.status == IncidentStatus.SUSPECTED
    return "it is only suspected, and may be nothing" if is_suspected else ""


ACTIONS = (
    Action(
        "post_mortem",
        "Write the post-mortem",
        "It stands on the incident's page. Writing it again replaces it.",
        (Incident,),
        NOTE,
        Work(_write, store_row, load_row),
        _refusal,
        form=PostMortemForm,
    ),
)
