"""Actions on a tenant itself: approve it, let it in again, send its e-mail again."""

from connect.models import Stage
from connect.operations import base
from connect.operations.base import OperationOutcome, Report
from portal.actions.action import Kind, Options
from portal.actions.forms import TypedForm
from portal.actions.subject import Subject, subject_action
from portal.models import BulkItem, BulkRun
from tenants import messages, proof, registration, whole
from tenants.models import MessageStatus, Proof, Tenant

ERASED = "an erased tenant"


def _refusal_to_approve(subject: Subject) -> str:
    tenant = subject.tenant
    if tenant.offboarded_at:
        return "it is off-boarded"
    if tenant.proof == Proof.STAFF:
        return "it is already approved"
    if proof.is_proven(tenant):
        return "it needs no approval"
    return ""


def _approve(subject: Subject, actor: str, options: Options) -> Report:
    if not proof.approve(subject.tenant.pk, actor):
        return base.skipped("Approve", "it is already approved")
    return Report(OperationOutcome.DONE, "Approved.")


def _refusal_to_resend(subject: Subject) -> str:
    connection = subject.connection
    if connection is None:
        return "it has no connection"
    if subject.tenant.offboarded_at:
        return "it is off-boarded"
    return messages.refusal_to_resend(subject.tenant)


def _resend(subject: Subject, actor: str, options: Options) -> Report:
    message = messages.resend(subject.tenant.pk, actor)
    if message is None:
        return base.skipped("Resend e-mail", messages.NO_MAIL)
    if message.status == MessageStatus.HELD:
        return base.skipped("Resend e-mail", message.error)
    return Report(OperationOutcome.STARTED, f"{message} is queued.")


def _refusal_to_admit(subject: Subject) -> str:
    tenant = subject.tenant
    if not tenant.offboarded_at:
        return "it is not off-boarded"
    if not tenant.returned_at:
        return "it has not called again"
    if tenant.is_blocked:
        return "its org is blocked"
    return ""


def _admit(subject: Subject, actor: str, options: Options) -> Report:
    if registration.admit(subject.tenant.pk, actor):
        return Report(OperationOutcome.DONE, "Registered again.")
    return base.skipped("Register again", "it does not wait for this")


def _refusal_to_erase(subject: Subject) -> str:
    connection = subject.connection
    if connection is None:
        return ""
    if connection.stage == Stage.GRACE:
        return "it is not off-boarded yet: press “Off-board now” first"
    is_junk = connection.stage == Stage.WAITING_FOR_PROOF and not connection.addon_requested_at
    return "" if is_junk else "it is not off-boarded yet"


def _erase(subject: Subject, actor: str, options: Options) -> Report:
    record = whole.erase(subject.tenant.pk, actor)
    return Report(OperationOutcome.DONE, f"Erased {sum(record.counts.values()):,} rows.")


def _forget_presses(tenant: Tenant) -> int:
    """Take the name of a tenant that is erased, and the notes, from what was pressed on it."""
    runs = BulkRun.objects.filter(items__tenant=tenant)
    runs.filter(total=1).update(about=ERASED)
    for run in runs.filter(finished_at__isnull=False, options__has_key="note").distinct():
        run.options.pop("note")
        run.save(update_fields=["options"])
    return 0


whole.register(_forget_presses)
whole.keep(
    BulkItem,
    tenant=None,
    connection=None,
    name=ERASED,
    text="",
    target={},
    options={},
    before={},
)


ACTIONS = (
    subject_action(
        "approve",
        "Approve",
        "Accepts the registration without a signature; provisioning starts.",
        kind=Kind.SET_UP,
        permission="tenants.approve_tenant",
        refusal=_refusal_to_approve,
        perform=_approve,
    ),
    subject_action(
        "admit",
        "Register again",
        "Registers the off-boarded org with what its last callout said. Its earlier proof does not "
        "count.",
        kind=Kind.SET_UP,
        permission="tenants.approve_tenant",
        refusal=_refusal_to_admit,
        perform=_admit,
    ),
    subject_action(
        "resend",
        "Resend e-mail",
        "Sends the admin the e-mail that fits the present stage again.",
        kind=Kind.SET_UP,
        permission="tenants.resend_message",
        refusal=_refusal_to_resend,
        perform=_resend,
    ),
    subject_action(
        "erase",
        "Erase all data",
        "Deletes the tenant with its timeline, mails, callouts, grant and schemas. Only a record"
        " that it was done stays. For a tenant that is off-boarded, or a registration that nobody"
        " proved. Export the data first if somebody may ask for it.",
        kind=Kind.END,
        permission="tenants.erase_tenant",
        refusal=_refusal_to_erase,
        perform=_erase,
        form=TypedForm,
        destructive=True,
    ),
)
