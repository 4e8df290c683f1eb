"""A tenant with its connection: what most actions are run on, by a button or in a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from connect.models import Connection, Diagnosis, Health, Notification
from connect.operations.base import Report
from portal.actions.action import Action, Kind, Options, Work, no_lines
from portal.actions.forms import Question
from portal.models import BulkItem
from tenants.models import Tenant

# Wherever a tenant or its connection is shown, the same actions are offered.
MODELS = (Tenant, Connection, Health, Diagnosis, Notification)


@dataclass(frozen=True)
class Subject:
    """A tenant, and its connection if it has one."""

    tenant: Tenant
    connection: Connection | None

    def __str__(self) -> str:
        return str(self.tenant)


def store(subject: Subject) -> dict[str, Any]:
    """Return a subject as fields of a BulkItem."""
    return {"tenant": subject.tenant, "connection": subject.connection, "target": {}}


def load(item: BulkItem) -> Subject | None:
    """Return the subject of a BulkItem."""
    return Subject(item.tenant, item.connection) if item.tenant else None


def subject_action(
    name: str,
    label: str,
    explains: str,
    *,
    kind: Kind,
    permission: str,
    refusal: Callable[[Subject], str],
    perform: Callable[[Subject, str, Options], Report],
    details: Callable[[Sequence[Subject]], list[str]] = no_lines,
    form: type[Question] | None = None,
    previews: bool = False,
    destructive: bool = False,
    calls: Sequence[str] = (),
) -> Action:
    """Make an action on tenants, which the worker does."""
    return Action(
        name,
        label,
        explains,
        MODELS,
        permission,
        Work(perform, store, load, calls),
        refusal,
        details=details,
        form=form,
        previews=previews,
        destructive=destructive,
        in_bulk=True,
        kind=kind,
    )
