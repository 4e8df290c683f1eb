"""Who looks after a row, and notes about it: on tenants, and on rows that belong to no tenant."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model

from connect.models import Discrepancy, Incident, Rollout
from connect.operations import base
from connect.operations.base import OperationOutcome, Report
from connect.rollouts.status import add_event
from portal.actions.action import Action, Kind, Options, Work
from portal.actions.forms import Question
from portal.actions.log import log
from portal.actions.subject import MODELS, Subject, load, store
from portal.models import BulkItem
from tenants import timeline
from tenants.http.cleaning import clean_text
from tenants.models import EventKind, Owned
from tenants.redaction import redact

MAX_NOTE = 2_000  # characters
ASSIGN, NOTE = "tenants.assign_tenant", "tenants.note_tenant"
OF_TENANT = "its tenant's page has the timeline: write the note there"
# Rows that need somebody and have an owner of their own.
TENDED: tuple[type[Model], ...] = (Incident, Rollout, Discrepancy)
_BY_NAME = {each._meta.model_name: each for each in TENDED}
Target = Subject | Incident | Rollout | Discrepancy
Perform = Callable[[Target, str, Options], Report]


class NoteForm(Question):
    """A note, as plain text."""

    note = forms.CharField(
        label="Note",
        max_length=MAX_NOTE,
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True}),
        help_text="All staff can read it. It cannot be changed or taken back.",
    )

    def clean_note(self) -> str:
        # A token that somebody pastes would stay for ever.
        return redact(clean_text(str(self.cleaned_data["note"])))


class OwnerForm(Question):
    """Who looks after it from now on."""

    owner = forms.ChoiceField(label="Owner", required=False)

    def __init__(self, data: Any = None, *, targets: Any) -> None:
        super().__init__(data, targets=targets)
        staff = User.objects.filter(is_active=True, is_staff=True).order_by("username")
        names = staff.values_list("username", flat=True)
        field: Any = self.fields["owner"]
        field.choices = [("", "Nobody"), *((name, name) for name in names)]


# --- the work ------------------------------------------------------------------------------------


def owned(target: Target) -> Owned:
    """Return the row that has the owner."""
    return target.tenant if isinstance(target, Subject) else target


def owner_of(target: Target) -> str:
    """Return the name of who looks after it, "" for nobody."""
    owner = owned(target).owner
    return owner.get_username() if owner else ""


def write(target: Target, kind: EventKind, actor: str, text: str) -> None:
    """Write to the timeline of a tenant or a roll-out, else to the history of the row."""
    if isinstance(target, Subject):
        timeline.note(target.tenant, kind, text, actor=actor)
    elif isinstance(target, Rollout):
        add_event(target, actor, text)
    else:
        log(actor, [target], text)


def _assign(target: Target, actor: str, options: Options) -> Report:
    return _give(target, actor, actor)


def _unassign(target: Target, actor: str, options: Options) -> Report:
    return _give(target, "", actor)


def _hand_over(target: Target, actor: str, options: Options) -> Report:
    return _give(target, str(options["owner"]), actor)


@transaction.atomic
def _give(target: Target, name: str, actor: str) -> Report:
    """Set the owner; "" for nobody."""
    row, user = owned(target), User.objects.filter(username=name, is_active=True).first()
    if name and user is None:
        return base.failed("Assign", f"{name} is not a member of staff any more")
    before = owner_of(target)
    if before == name:
        return Report(OperationOutcome.SKIPPED, "", f"{name or 'nobody'} looks after it already")
    type(row)._default_manager.filter(pk=row.pk).update(owner=user)
    text = f"Owner: {user or 'nobody'}."
    write(target, EventKind.STAFF_ACTION, actor, text)
    return Report(OperationOutcome.DONE, text, before={"owner": before})


def _note(target: Target, actor: str, options: Options) -> Report:
    # An erasure takes the text out of what was pressed.
    if not options.get("note"):
        return base.skipped("Add a note", "its text was erased")
    write(target, EventKind.NOTE, actor, str(options["note"]))
    return Report(OperationOutcome.DONE, "The note is on the timeline.")


# --- when it is possible -------------------------------------------------------------------------


def _refusal_to_assign(target: Target) -> str:
    gone = isinstance(target, Subject) and target.tenant.offboarded_at
    return "it is off-boarded" if gone else ""


def _not_by_the_owner(target: Target, actor: str) -> str:
    return "you look after it already" if owner_of(target) == actor else ""


def _refusal_to_unassign(target: Target) -> str:
    return "" if owned(target).owner_id else "nobody looks after it"


def _refusal_to_note(target: Target) -> str:
    is_of_tenant = (isinstance(target, Incident) and target.connection_id) or (
        isinstance(target, Discrepancy) and target.tenant_id
    )
    return OF_TENANT if is_of_tenant else ""


# --- the actions ---------------------------------------------------------------------------------


def store_row(row: Model) -> dict[str, Any]:
    """Return a row that belongs to no tenant as fields of a BulkItem."""
    return {"target": {row._meta.model_name: row.pk}}


def load_row(item: BulkItem) -> Any:
    """Return that row again; None if it has gone."""
    ((name, pk),) = item.target.items()
    return _BY_NAME[name]._default_manager.filter(pk=pk).first()


def _actions(models: tuple[type[Model], ...], how: Callable[[Perform], Work]) -> tuple[Action, ...]:
    return (
        Action(
            "assign",
            "Assign to me",
            "You look after it from now on: everybody sees your name.",
            models,
            ASSIGN,
            how(_assign),
            _refusal_to_assign,
            in_bulk=True,
            kind=Kind.CARE,
            not_by=_not_by_the_owner,
        ),
        Action(
            "hand_over",
            "Assign to",
            "The chosen person looks after it from now on: everybody sees the name.",
            models,
            ASSIGN,
            how(_hand_over),
            _refusal_to_assign,
            form=OwnerForm,
            in_bulk=True,
            kind=Kind.CARE,
        ),
        Action(
            "unassign",
            "Unassign",
            "Nobody looks after it any more.",
            models,
            ASSIGN,
            how(_unassign),
            _refusal_to_unassign,
            in_bulk=True,
            kind=Kind.CARE,
        ),
        Action(
            "note",
            "Add a note",
            "It stands on the timeline with your name and the time.",
            models,
            NOTE,
            how(_note),
            _refusal_to_note,
            form=NoteForm,
            in_bulk=True,
            kind=Kind.CARE,
        ),
    )


ACTIONS = (
    *_actions(MODELS, lambda perform: Work(perform, store, load)),
    *_actions(TENDED, lambda perform: Work(perform, store_row, load_row)),
)
