"""Tags: words by which tenants are chosen, put on many at once and taken off again."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db import transaction

from connect.models import Tag
from connect.operations import base
from connect.operations.base import OperationOutcome, Report
from portal.actions.action import Kind, Options
from portal.actions.forms import Question
from portal.actions.subject import Subject, subject_action
from tenants import timeline
from tenants.models import EventKind

PERMISSION = "connect.change_tag"


class TagForm(Question):
    """Which tag. New ones are made on their own page."""

    tag = forms.ModelChoiceField(Tag.objects.all(), to_field_name="name", empty_label=None)

    def options(self) -> dict[str, Any]:
        return {"tag": self.cleaned_data["tag"].name}


class OwnTagForm(TagForm):
    """Which tag of those that the tenants have."""

    def __init__(self, data: Any = None, *, targets: Sequence[Subject]) -> None:
        super().__init__(data, targets=targets)
        field: Any = self.fields["tag"]
        field.queryset = Tag.objects.filter(
            tenants__in=[each.tenant for each in targets]
        ).distinct()


def note(tenant_id: int, tag: Tag, actor: str, *, is_on: bool) -> str:
    """Write to a tenant's timeline that a tag was put on or taken off; return the sentence."""
    text = f"Tag {tag}: {'put on' if is_on else 'taken off'}."
    return timeline.note(tenant_id, EventKind.STAFF_ACTION, text, actor=actor).text


def _put_on(subject: Subject, actor: str, options: Options) -> Report:
    return _change(subject, actor, options, is_on=True)


def _take_off(subject: Subject, actor: str, options: Options) -> Report:
    return _change(subject, actor, options, is_on=False)


@transaction.atomic
def _change(subject: Subject, actor: str, options: Options, *, is_on: bool) -> Report:
    label = "Add a tag" if is_on else "Remove a tag"
    tag = Tag.objects.filter(name=options["tag"]).first()
    if tag is None:
        return base.failed(label, f"There is no tag “{options['tag']}” any more.")
    if tag.tenants.filter(pk=subject.tenant.pk).exists() == is_on:
        return Report(OperationOutcome.SKIPPED, "", _as_it_is(tag, is_on=is_on))
    change = tag.tenants.add if is_on else tag.tenants.remove
    change(subject.tenant)
    text = note(subject.tenant.pk, tag, actor, is_on=is_on)
    return Report(OperationOutcome.DONE, text, before={"tag": tag.name})


def _as_it_is(tag: Tag, *, is_on: bool) -> str:
    return f"it has the tag {tag} already" if is_on else f"it does not have the tag {tag}"


def _refusal(subject: Subject) -> str:
    return "it is off-boarded" if subject.tenant.offboarded_at else ""


ACTIONS = (
    subject_action(
        "tag",
        "Add a tag",
        "Puts a tag on it. Lists and roll-outs can be limited to tenants with a tag.",
        kind=Kind.ORG,
        permission=PERMISSION,
        refusal=_refusal,
        perform=_put_on,
        form=TagForm,
    ),
    subject_action(
        "untag",
        "Remove a tag",
        "Takes a tag off it. The tag itself stays.",
        kind=Kind.ORG,
        permission=PERMISSION,
        refusal=_refusal,
        perform=_take_off,
        form=OwnTagForm,
    ),
)
