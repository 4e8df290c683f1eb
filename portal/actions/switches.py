"""Actions on a kill switch: turn it off, with a reason for everybody, and on again."""

from collections.abc import Callable, Sequence
from functools import partial

from django import forms
from django.db import transaction
from django.utils import timezone

from portal.actions.action import Action, Options
from portal.actions.forms import Question
from portal.actions.log import log
from portal.actions.result import Result, done, skipped
from tenants.models import Switch

PERMISSION = "tenants.change_switch"


class OffForm(Question):
    """Turning it off needs a reason, which all staff see."""

    why = forms.CharField(
        max_length=255,
        label="Why",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a reason. All staff will see it."},
    )


class OnForm(Question):
    """Turning it on again needs no reason."""

    why = forms.CharField(
        max_length=255,
        required=False,
        label="Comment (optional)",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _name(switch: Switch) -> str:
    return switch.label


def _refusal(on: bool) -> Callable[[Switch], str]:
    position = "on" if on else "off"

    def refusal(target: Switch) -> str:
        return f"it is already {position}. Nothing was changed" if target.on == on else ""

    return refusal


def _turn(on: bool, targets: Sequence[Switch], actor: str, options: Options) -> Result:
    """Turn one switch. If somebody else was faster, the first reason is kept."""
    (wanted,) = targets
    position, why = "on" if on else "off", options["why"]
    with transaction.atomic():
        # A switch that was never turned has no row, and only a row can be locked.
        Switch.objects.get_or_create(name=wanted.name)
        switch = Switch.objects.select_for_update().get(name=wanted.name)
        reason = _refusal(on)(switch)
        if reason:
            return skipped(_name(wanted), reason)
        switch.on, switch.why, switch.who = on, why, actor
        switch.changed_at = timezone.now()
        switch.save()
        log(actor, [switch], f"Turned {position}{f': {why}' if why else ''}")
    return done(_name(wanted), f"It is {position} now.")


def _action(name: str, label: str, explains: str, *, on: bool, form: type[Question]) -> Action:
    return Action(
        name,
        label,
        explains,
        (Switch,),
        PERMISSION,
        partial(_turn, on),
        _refusal(on),
        form=form,
        destructive=not on,
        naming=_name,
    )


ACTIONS = (
    _action("turn_off", "Turn off", "The work stops for all tenants.", on=False, form=OffForm),
    _action("turn_on", "Turn on", "The work goes on for all tenants.", on=True, form=OnForm),
)
