"""Everything that staff may do to a tenant, from one registry: buttons and bulk actions alike.

A button only queues a task, a bulk action a run (portal/bulk.py); either does the work later and
writes the event with the person's name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User

from connect import tasks as connect_tasks
from connect.models import Connection, Stage, WaitingOn
from connect.operations import connection as operations
from connect.operations.connection import Operation, Outcome, Report
from portal.admin.kit.forms import EndForm, Question, UntilForm
from portal.models import BulkItem, BulkRun
from tenants import messages, proof
from tenants import tasks as tenant_tasks
from tenants.models import Proof, Tenant
from tenants.queue import enqueue_as

Options = Mapping[str, str]
Staff = User | AnonymousUser


@dataclass(frozen=True)
class Subject:
    """What an action is done to: a tenant, and its connection if it has one."""

    tenant: Tenant
    connection: Connection | None


@dataclass(frozen=True)
class Action:
    """One thing that staff may do. `why_not` returns "" when it is legal now, else the reason.

    `enqueue` leaves it to a task, `perform` does it here and now. `question` is the form that is
    asked before; `hurts` marks what cannot be taken back.
    """

    name: str
    label: str
    permission: str
    why_not: Callable[[Subject], str]
    enqueue: Callable[[Subject, str, Options], None]
    perform: Callable[[Subject, str, Options], Report]
    question: type[Question] | None = None
    hurts: bool = False


def press(action: Action, subject: Subject, actor: str, options: Options) -> str:
    """Queue an action for one subject; return "" or the reason why nothing was queued."""
    reason = action.why_not(subject)
    if not reason:
        action.enqueue(subject, actor, options)
    return reason


def perform(run: BulkRun, item: BulkItem) -> Report:
    """Do a run's action to one of its tenants, as it stands now."""
    action, subject = ACTIONS[run.action], Subject(item.tenant, item.connection)
    reason = action.why_not(subject)
    if reason:
        return Report(Outcome.SKIPPED, "", reason)
    return action.perform(subject, run.actor, run.options)


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
    if proof.is_proven(tenant):
        return "it needs no approval"
    return ""


def _queue_approve(subject: Subject, actor: str, options: Options) -> None:
    number = subject.tenant.pk
    enqueue_as(f"approve {number}", tenant_tasks.approve, number, actor=actor)


def _approve(subject: Subject, actor: str, options: Options) -> Report:
    proof.approve(subject.tenant.pk, actor)
    return Report(Outcome.DONE, "Approved.")


def _why_not_resend(subject: Subject) -> str:
    connection = subject.connection
    if connection is None:
        return "it has no connection"
    if connection.stage == Stage.LIVE or connection.waiting_on == WaitingOn.SUBSCRIBER:
        return ""
    return "there is nothing to tell the subscriber now"


def _queue_resend(subject: Subject, actor: str, options: Options) -> None:
    number = subject.tenant.pk
    enqueue_as(f"resend {number}", tenant_tasks.resend, number, actor=actor)


def _resend(subject: Subject, actor: str, options: Options) -> Report:
    message = messages.resend(subject.tenant.pk, actor)
    if message is None:
        return Report(Outcome.SKIPPED, "", "no mail fits where the tenant stands")
    return Report(Outcome.DONE, f"{message} is queued.")


# --- the connection ------------------------------------------------------------------------------


def _from(operation: Operation) -> Action:
    def why_not(subject: Subject) -> str:
        if subject.connection is None:
            return "it has no connection"
        return operation.why_not(subject.connection)

    def enqueue(subject: Subject, actor: str, options: Options) -> None:
        assert subject.connection is not None  # noqa: S101  (why_not was asked)
        number = subject.connection.pk
        enqueue_as(
            f"{operation.name} {number}",
            connect_tasks.operate,
            operation.name,
            number,
            actor=actor,
            options=dict(options),
        )

    def perform(subject: Subject, actor: str, options: Options) -> Report:
        assert subject.connection is not None  # noqa: S101  (why_not was asked)
        return operations.perform(operation, subject.connection.pk, actor, options)

    return Action(
        operation.name,
        operation.label,
        operation.permission,
        why_not,
        enqueue,
        perform,
        _QUESTIONS.get(operation.name),
        operation.hurts,
    )


_QUESTIONS: dict[str, type[Question]] = {
    "offboard": EndForm,
    "start_over": EndForm,
    "pause_until": UntilForm,
    "snooze": UntilForm,
}


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action(
            "approve",
            "Approve",
            "tenants.approve_tenant",
            _why_not_approve,
            _queue_approve,
            _approve,
        ),
        Action(
            "resend",
            "Resend e-mail",
            "tenants.resend_message",
            _why_not_resend,
            _queue_resend,
            _resend,
        ),
        *map(_from, operations.REGISTRY.values()),
    )
}
