"""Actions on failed writes of one tenant, object and cause: retry them, or ignore them."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from django import forms

from connect.formats import counted
from connect.models import WriteError
from connect.operations import base, writes
from connect.operations.base import Report
from connect.write_errors import preview, repair, scan, trigger_log
from portal.actions.action import Action, Options, Work
from portal.actions.forms import Question
from portal.models import BulkItem

MAX_PREVIEWED = 10  # causes whose writes are compared with their rows before a retry
CHOSEN = "row"  # the name of the boxes that staff tick, "log:id" each
_ID = re.compile(r"[0-9]{1,18}")  # fits a bigint
_LOGS = (trigger_log.LOG, trigger_log.ARCHIVE)


class _TickedField(forms.MultipleChoiceField):
    """Boxes of a page, "log:id" each. Values that are none of ours are left out, not refused."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[tuple[str, int]]:
        pairs = (str(text).partition(":") for text in value or [])
        return [(log, int(pk)) for log, _, pk in pairs if log in _LOGS and _ID.fullmatch(pk)]


class ChosenForm(Question):
    """The writes that were ticked on the page; without a tick all of them are meant."""

    is_visible: ClassVar[bool] = False
    row = _TickedField(required=False)

    def chosen(self) -> list[tuple[str, int]] | None:
        """Return the ticked writes; None stands for all."""
        ticked = self.cleaned_data["row"] if self.is_bound and self.is_valid() else None
        return ticked or None

    def options(self) -> dict[str, Any]:
        return {"chosen": self.chosen()}


class RetryForm(ChosenForm):
    """The same, and what a retry would send: that may be other values than those that failed."""

    def details(self) -> list[str]:
        found = []
        for error in self.targets[:MAX_PREVIEWED]:
            lines = preview.lines(error, self.chosen())
            found += lines if len(self.targets) == 1 else [f"{_name(error)}: {x}" for x in lines]
        return found


def _perform(how: str, error: WriteError, actor: str, options: Options) -> Report:
    wanted = {"table": error.table_name, "cause": error.cause, "chosen": options.get("chosen")}
    report = base.perform(writes.REGISTRY[how], error.connection_id, actor, wanted)
    # After the lease is free: staff see the new counts without waiting for the schedule.
    scan.scan([error.connection_id])
    return report


def _store(error: WriteError) -> dict[str, Any]:
    connection = error.connection
    # By its cause, because a scan may store the error as another row.
    target = {"table_name": error.table_name, "cause": error.cause}
    return {"tenant": connection.tenant, "connection": connection, "target": target}


def _load(item: BulkItem) -> WriteError | None:
    found = WriteError.objects.select_related("connection__tenant")
    return found.filter(connection=item.connection, **item.target).first()


def _name(error: WriteError) -> str:
    return f"{error.connection.tenant}, {error}"


def _counts(targets: Sequence[WriteError]) -> list[str]:
    return [f"{_name(error)}: up to {counted(error.failed, 'write')}" for error in targets]


ACTIONS = (
    Action(
        repair.RETRY,
        "Retry",
        "Sends the writes to Salesforce again: in ordered mode with the values that their rows "
        "hold now. A write whose own record cannot be found is skipped.",
        (WriteError,),
        "connect.repair_writes",
        Work(partial(_perform, repair.RETRY), _store, _load),
        form=RetryForm,
        previews=True,
        in_bulk=True,
        moves_on=True,
        naming=_name,
    ),
    Action(
        repair.IGNORE,
        "Ignore",
        "The writes are marked as ignored. They will never reach Salesforce, and are no longer "
        "shown as failed.",
        (WriteError,),
        "connect.repair_writes",
        Work(partial(_perform, repair.IGNORE), _store, _load),
        details=_counts,
        form=ChosenForm,
        destructive=True,
        alone=True,  # daily work, and what was sent to Salesforce stays as it is
        in_bulk=True,
        naming=_name,
    ),
)
