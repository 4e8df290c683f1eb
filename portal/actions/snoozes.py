"""Snoozing rows that need somebody and belong to no tenant. A tenant's snooze is an operation."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from connect.formats import format_time
from connect.operations import base
from connect.operations.base import OperationOutcome, Report
from connect.operations.timed import end_and_note
from portal.actions.action import Action, Options, Work
from portal.actions.care import TENDED, load_row, store_row, write
from portal.actions.forms import UntilForm
from tenants.models import EventKind, Tended

PERMISSION = "connect.snooze_connection"


def _snooze(row: Any, actor: str, options: Options) -> Report:
    until = datetime.fromisoformat(options["until"])
    if until <= timezone.now():
        return base.skipped("Snooze", f"{format_time(until)} has passed")
    why = options.get("note", "")
    text = f"Snoozed until {format_time(until)}. Note: {why}"
    return _set(row, actor, text, snoozed_until=until, snooze_note=why)


def _unsnooze(row: Any, actor: str, options: Options) -> Report:
    return _set(row, actor, "The snooze is over.", snoozed_until=None, snooze_note="")


@transaction.atomic
def _set(row: Any, actor: str, text: str, **fields: Any) -> Report:
    before = end_and_note(row.snoozed_until, row.snooze_note) if _is_asleep(row) else {}
    type(row)._default_manager.filter(pk=row.pk).update(**fields)
    write(row, EventKind.STAFF_ACTION, actor, text)
    return Report(OperationOutcome.DONE, text, before=before)


def _is_asleep(row: Tended) -> bool:
    return row.is_snoozed(timezone.now())


def _refusal_to_unsnooze(row: Tended) -> str:
    return "" if _is_asleep(row) else "it is not snoozed"


ACTIONS = (
    Action(
        "snooze",
        "Snooze",
        "Until then it is not listed under Attention; the work itself and the alerts continue.",
        TENDED,
        PERMISSION,
        Work(_snooze, store_row, load_row),
        form=UntilForm,
        in_bulk=True,
    ),
    Action(
        "unsnooze",
        "End snooze",
        "Lists it under Attention again.",
        TENDED,
        PERMISSION,
        Work(_unsnooze, store_row, load_row),
        _refusal_to_unsnooze,
        in_bulk=True,
    ),
)
