"""Everything that staff may do to a tenant, from one registry: buttons and bulk actions alike.

An action only queues a task, which does the work and writes the event with the person's name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django_q.tasks import async_task

from connect import operations
from connect.models import Connection, Stage, WaitingOn
from connect.operations import Operation
from tenants import registration
from tenants.models import Proof, Tenant

Options = Mapping[str, str]
Staff = User | AnonymousUser
MOST_NAMES = 5


@dataclass(frozen=True)
class Subject:
    """What an action is done to: a tenant, and its connection if it has one."""

    tenant: Tenant
    connection: Connection | None


@dataclass(frozen=True)
class Action:
    """One thing that staff may do. `why_not` returns "" when it is legal now, else the reason."""

    name: str
    label: str
    permission: str
    why_not: Callable[[Subject], str]
    enqueue: Callable[[Subject, str, Options], None]
    hurts: bool = False


@dataclass
class Result:
    """What came of an action on some rows. `skipped` holds names by reason."""

    action: Action
    queued: list[str] = field(default_factory=list)
    skipped: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __str__(self) -> str:
        parts = []
        if self.queued:
            parts.append(f"“{self.action.label}” is queued for {_named(self.queued)}.")
        for reason, names in self.skipped.items():
            parts.append(f"Skipped {_named(names)}: {reason}.")
        return " ".join(parts)


def _named(names: list[str]) -> str:
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{len(names)} ({', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more)"


def run(action: Action, subjects: Iterable[Subject], actor: str, options: Options) -> Result:
    """Queue an action for each subject where it is legal; all of them are queued, or none."""
    result = Result(action)
    with transaction.atomic():
        for subject in subjects:
            reason = action.why_not(subject)
            if reason:
                result.skipped[reason].append(str(subject.tenant))
                continue
            action.enqueue(subject, actor, options)
            result.queued.append(str(subject.tenant))
    return result


def allowed(user: Staff) -> list[Action]:
    """Return the actions that a person's role permits."""
    return [action for action in ACTIONS.values() if user.has_perm(action.permission)]


def fitting(user: Staff, subject: Subject) -> list[Action]:
    """Return the actions that the role permits and the state allows."""
    return [action for action in allowed(user) if not action.why_not(subject)]


# --- the tenant ----------------------------------------------------------------------------------


def _why_not_approve(subject: Subject) -> str:
    tenant = subject.tenant
    if tenant.offboarded_at:
        return "it is off-boarded"
    if tenant.proof == Proof.STAFF:
        return "it is approved already"
    if registration.proof_suffices(tenant):
        return "it needs no approval"
    return ""


def _approve(subject: Subject, actor: str, options: Options) -> None:
    _queue("tenants.tasks.approve", subject.tenant.pk, actor=actor, task_name="approve")


def _why_not_resend(subject: Subject) -> str:
    connection = subject.connection
    if connection is None:
        return "it has no connection"
    if connection.stage == Stage.LIVE or connection.waiting_on == WaitingOn.SUBSCRIBER:
        return ""
    return "there is nothing to tell the subscriber now"


def _resend(subject: Subject, actor: str, options: Options) -> None:
    _queue("tenants.tasks.resend", subject.tenant.pk, actor=actor, task_name="resend")


# --- the connection ------------------------------------------------------------------------------


def _from(operation: Operation) -> Action:
    def why_not(subject: Subject) -> str:
        if subject.connection is None:
            return "it has no connection"
        return operation.why_not(subject.connection)

    def enqueue(subject: Subject, actor: str, options: Options) -> None:
        assert subject.connection is not None  # noqa: S101  (why_not was asked)
        _queue(
            "connect.tasks.operate",
            operation.name,
            subject.connection.pk,
            actor=actor,
            options=dict(options),
            task_name=operation.name,
        )

    return Action(
        operation.name, operation.label, operation.permission, why_not, enqueue, operation.hurts
    )


def _queue(task: str, *args: Any, task_name: str, **kwargs: Any) -> None:
    """Queue a task under a name that staff can search the queue for, e.g. "pause 12"."""
    async_task(task, *args, **kwargs, task_name=f"{task_name} {args[-1]}")


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action("approve", "Approve", "tenants.approve_tenant", _why_not_approve, _approve),
        Action("resend", "Resend e-mail", "tenants.resend_message", _why_not_resend, _resend),
        *map(_from, operations.REGISTRY.values()),
    )
}
