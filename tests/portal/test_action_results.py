"""Every action whose row has changed since the page asked: skipped with the reason, never done."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils import timezone

from connect.models import Drift, DriftState, MappingTemplate, Rollout, RolloutStatus
from portal import bulk
from portal.actions import action as registry
from portal.actions.action import Run, Work
from portal.actions.result import Result
from portal.integrations.models import (
    ApiToken,
    LifecycleKind,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
)
from portal.models import BulkItem, BulkRun
from tenants import messages, proof
from tenants.models import (
    Event,
    OrgRule,
    OrgVerdict,
    Proof,
    RateBucket,
    Switch,
    Tenant,
)
from tests import cast
from tests.portal.admin import rows, strangers

pytestmark = pytest.mark.django_db
ANSWERS = {
    "why": "Maintenance.",
    "prune": "keep",
    "fingerprint": "seen",
    "reason": "Agreed.",
    "accept_warnings": True,
}
# They always change something: nothing has to be there before.
ALWAYS = {"queue_again", "block_any", "allow_any", "allow_more"}


def _rollout() -> Model:
    strangers.make(1)
    Rollout.objects.update(status=RolloutStatus.CHECKING)
    return Rollout.objects.get()


def _done_rollout() -> Model:
    strangers.make(1)
    return Rollout.objects.get()


def _ended_rollout() -> Model:
    row = _done_rollout()
    Rollout.objects.update(status=RolloutStatus.ENDED)
    return row


def _gone(row: Model) -> Model:
    type(row)._default_manager.filter(pk=row.pk).delete()
    return row


def _bucket() -> Model:
    return _gone(RateBucket.objects.create(key="sign-in:mia", tokens=0, filled_at=timezone.now()))


def _factor() -> Model:
    user = User.objects.create_user("mia")
    return _gone(Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={}))


def _identity() -> Model:
    user = User.objects.create_user("mia")
    return _gone(
        SocialAccount.objects.create(user=user, provider="sso", uid="https://id.example 1")
    )


def _rule() -> Model:
    org_id = cast.ACME["org_id"]
    return _gone(OrgRule.objects.create(org_id=org_id, verdict=OrgVerdict.BLOCKED, why="Fraud."))


def _drift() -> Model:
    connection = rows.connection(cast.enrol(cast.ACME))
    return Drift.objects.create(connection=connection, state=DriftState.SAME)


def _finished_run() -> Model:
    tenant = cast.enrol(cast.ACME)
    run = BulkRun(action="pause", label="Pause", actor="mia", total=1, finished_at=timezone.now())
    run.save()
    BulkItem.objects.create(run=run, tenant=tenant, status="done")
    return run


def _switch(on: bool) -> Callable[[], Model]:
    return lambda: Switch.objects.create(name="provisioning", on=on)


def _delivery() -> Model:
    event = WebhookEvent.objects.create(
        tenant=cast.enrol(cast.ACME), kind=LifecycleKind.LIVE, sequence=1, body="{}"
    )
    webhook = Webhook.objects.create(name="CRM", url="https://crm.example", secret="s")
    return WebhookDelivery.objects.create(webhook=webhook, event=event)


def _token() -> Model:
    now = timezone.now()
    return ApiToken.objects.create(name="CRM", expires_at=now, revoked_at=now)


@dataclass(frozen=True)
class Case:
    """An action, and a row to which it cannot be done any more."""

    name: str
    make: Callable[[], Model]
    reason: str


CASES = [
    Case("start", _rollout, "checking"),
    Case("pause", _rollout, "checking"),
    Case("resume", _rollout, "checking"),
    Case("retry", _ended_rollout, "no failed tenant"),
    Case("cancel", _done_rollout, "done"),
    Case("roll_back", _rollout, "checking"),
    Case("bring_back", _drift, "none of them has drifted"),
    Case("accept", _drift, "it has not drifted"),
    Case("correct_version", _drift, "it has no mapping version"),
    Case("cancel", _finished_run, "it has ended already"),
    Case("approve", _finished_run, "a second person must approve it"),
    Case("again", _finished_run, "nothing in it failed"),
    Case("undo", _finished_run, "it has no connection"),
    Case("turn_off", _switch(on=False), "already off"),
    Case("turn_on", _switch(on=True), "already on"),
    Case("unlock", _bucket, "it has gone"),
    Case("remove", _factor, "it has gone"),
    Case("forget", _identity, "it has gone"),
    Case("lift", _rule, "somebody else was faster"),
    Case("resend_event", _delivery, "it waits to be sent anyway"),
    Case("revoke", _token, "it was revoked before"),
]


def at_once(model: type[Model], name: str) -> Run:
    """Return the function of an action that is done within the request."""
    how = registry.of(model)[name].how
    assert not isinstance(how, Work)
    return how


@pytest.mark.parametrize("case", CASES, ids=[f"{each.name}-{each.reason}" for each in CASES])
def test_an_action_that_did_nothing_is_never_done(case: Case) -> None:
    row = case.make()
    runs = list(BulkRun.objects.values_list("pk", flat=True))
    # No judging first: the row has changed after the view asked whether it is possible.
    result = at_once(type(row), case.name)([row], "mia", ANSWERS)
    assert result.text == ""
    assert [case.reason in each.why for each in result.skipped + result.failed] == [True]
    assert list(BulkRun.objects.values_list("pk", flat=True)) == runs


def test_no_action_is_left_out() -> None:
    # The others are done by the worker, which asks again: tests/connect/operations/test_outcomes.py
    at_once = {
        name
        for model in registry.models()
        for name, action in registry.of(model).items()
        if not isinstance(action.how, Work)
    }
    assert {each.name for each in CASES} | ALWAYS == at_once


def test_who_is_left_out_of_a_way_back_is_skipped_with_the_reason() -> None:
    free, taken = (rows.connection(cast.enrol(who)) for who in (cast.ACME, cast.BOREALIS))
    template = MappingTemplate.objects.create(version=1, document=rows.DOCUMENT)
    for connection in (free, taken):
        connection.template = template
        connection.save()
        Drift.objects.create(connection=connection, state=DriftState.DRIFTED)
    bring_back = at_once(Drift, "bring_back")
    bring_back(list(Drift.objects.filter(connection=taken)), "mia", {})
    result: Result = bring_back(list(Drift.objects.order_by("pk")), "mia", {})
    assert "was created for 1 of 2" in result.text
    assert [(each.name, "another roll-out" in each.why) for each in result.skipped] == [
        ("Borealis", True)
    ]


def test_what_a_release_took_away_has_failed_and_does_not_count_as_skipped() -> None:
    run = BulkRun(action="explode", label="Explode", actor="mia", total=1)
    bulk.start(run, [BulkItem(run=run, tenant=cast.enrol(cast.ACME))])
    bulk.work_off(run.pk)
    item = run.items.get()
    assert (item.status, item.text) == ("failed", "there is no action “explode” any more")


def test_a_second_approval_and_a_mail_that_does_not_exist_are_skipped_on_the_timeline() -> None:
    tenant = cast.enrol(cast.ACME, proof=Proof.STAFF)
    assert proof.approve(tenant.pk, "mia") is False
    Tenant.objects.update(offboarded_at=timezone.now())
    assert messages.resend(tenant.pk, "mia") is None
    assert [each.data["outcome"] for each in Event.objects.filter(actor="mia")] == ["skipped"] * 2
