"""Actions on an org: block it, lift the block, allow it without approval."""

from collections.abc import Sequence
from functools import partial

from django import forms

from connect.operations import base
from connect.operations.base import OperationOutcome, Report
from portal.actions.action import Action, Kind, Options
from portal.actions.forms import Question
from portal.actions.log import log
from portal.actions.result import Result, done, skipped
from portal.actions.subject import Subject, subject_action
from tenants import orgid, orgs
from tenants.models import OrgRule, OrgVerdict

PERMISSION = "tenants.add_orgrule"


class ReasonForm(Question):
    """A decision about an org needs a reason, which all staff see."""

    note = forms.CharField(
        max_length=255, label="Why", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class OrgForm(ReasonForm):
    """An org that may not be a tenant yet, and why."""

    org_id = forms.CharField(label="Organization id", max_length=18)
    field_order = ("org_id", "note")

    def clean_org_id(self) -> str:
        try:
            return orgid.normalize(str(self.cleaned_data["org_id"]).strip())
        except orgid.BadOrgId as error:
            raise forms.ValidationError(str(error)) from None


def _refusal_to_block(subject: Subject) -> str:
    if subject.tenant.is_blocked:
        return "its org is already blocked"
    # Then there is nothing to stop; the list of orgs blocks it for the future.
    return "it is off-boarded" if subject.tenant.offboarded_at else ""


def _refusal_to_unblock(subject: Subject) -> str:
    return "" if subject.tenant.is_blocked else "its org is not blocked"


def _block(subject: Subject, actor: str, options: Options) -> Report:
    org_id, why = subject.tenant.org_id, options["note"]
    orgs.decide(org_id, OrgVerdict.BLOCKED, actor=actor, why=why)
    return Report(OperationOutcome.DONE, f"Blocked: {why}")


def _unblock(subject: Subject, actor: str, options: Options) -> Report:
    org_id = subject.tenant.org_id
    rule = OrgRule.objects.filter(org_id=org_id).first()
    if rule is None or not orgs.lift(org_id, actor=actor):
        return base.skipped("Lift the block", "its org is not blocked")
    return Report(OperationOutcome.DONE, "The block is lifted.", before={"note": rule.why})


def _decide(verdict: OrgVerdict, targets: Sequence[object], actor: str, options: Options) -> Result:
    rule = orgs.decide(options["org_id"], verdict, actor=actor, why=options["note"])
    log(actor, [rule], f"{verdict.label}: {rule.why}")
    return done(rule.org_id)


def _lift(targets: Sequence[OrgRule], actor: str, options: Options) -> Result:
    (rule,) = targets
    if not orgs.lift(rule.org_id, actor=actor):
        return skipped(rule, "somebody else was faster")
    log(actor, [rule], f"Lifted: {rule.get_verdict_display().lower()}")
    return done(rule.org_id)


def _add(name: str, label: str, explains: str, verdict: OrgVerdict) -> Action:
    run = partial(_decide, verdict)
    return Action(name, label, explains, (OrgRule,), PERMISSION, run, form=OrgForm, of_rows=False)


ACTIONS = (
    subject_action(
        "block_org",
        "Block org",
        "Nothing goes on for this org: its callouts wait for staff, its users cannot sign in, and "
        "provisioning stops. What is live stays live: pause or off-board it.",
        kind=Kind.ORG,
        permission=PERMISSION,
        refusal=_refusal_to_block,
        perform=_block,
        form=ReasonForm,
    ),
    subject_action(
        "unblock_org",
        "Lift the block",
        "The org may register and go on again.",
        kind=Kind.ORG,
        permission=PERMISSION,
        refusal=_refusal_to_unblock,
        perform=_unblock,
    ),
    _add(
        "block_any",
        "Block an org",
        "Its callouts wait for staff, whether it is a tenant or not.",
        OrgVerdict.BLOCKED,
    ),
    _add(
        "allow_any",
        "Allow an org without approval",
        "Under the policy “approval”, a signed callout or a sign-in is enough for this org.",
        OrgVerdict.ALLOWED,
    ),
    Action(
        "lift",
        "Lift",
        "The usual policy is valid for this org again.",
        (OrgRule,),
        PERMISSION,
        _lift,
    ),
)
