"""Which work waits for which switch, budget or roll-out, and how the reason is worded."""

from typing import Any

import pytest
from django.utils import timezone

from connect import holds
from connect.clients import budget
from connect.models import ApiBudget, Connection, Rollout, RolloutItem, RolloutStatus, Stage
from tenants import limits
from tenants.models import RateBucket, Switch
from tests import cast

pytestmark = pytest.mark.django_db

SWITCH = "The kill switch “Provisioning” is off: Heroku has an incident (mia)."
BUDGET = "Heroku takes 40 more calls now."
MAPPINGS = "The 10 calls an hour for roll-outs (MAPPING_CALLS_PER_HOUR) are used up."
PAUSED = "is paused. Too many failed."
OWN_PAUSE = "Too many failed."  # as the roll-out itself says it
LEAVING = {"stage_before": Stage.LIVE, "ends_at": timezone.now()}


@pytest.fixture(autouse=True)
def _everything_is_held(settings: Any) -> None:
    """Turn the switch off, and spend both budgets."""
    now = timezone.now()
    Switch.objects.create(name="provisioning", on=False, why="Heroku has an incident", who="mia")
    ApiBudget.objects.create(peer=budget.PLATFORM, remaining=40, seen_at=now)
    settings.MAPPING_CALLS_PER_HOUR = 10
    assert limits.take(holds.MAPPING_CALLS, 10, now, 10) == 0


def acme(stage: Stage, **facts: Any) -> Connection:
    tenant = cast.enrol(cast.ACME)
    return cast.connect(tenant, stage, organization_id=tenant.org_id, **facts)


def rollout(status: str) -> Rollout:
    reason = "Too many failed." if status == "paused" else ""
    return Rollout.objects.create(author="mia", status=status, pause_reason=reason)


def said(found: list[holds.Hold]) -> list[str]:
    """Return which of the known reasons were given."""
    known = (SWITCH, BUDGET, MAPPINGS, PAUSED)
    return [next((text for text in known if text in hold.text), hold.text) for hold in found]


@pytest.mark.parametrize(
    ("stage", "facts", "reasons"),
    [
        (Stage.LINKING, {}, [SWITCH]),
        (Stage.LINKING, {"blocked_at": timezone.now(), "blocked_reason": "No."}, []),
        (Stage.OFFBOARDING, {}, []),
        (Stage.GRACE, LEAVING, []),
        (Stage.RESUMING, LEAVING, []),
        (Stage.LIVE, {}, []),
    ],
)
def test_provisioning_waits_for_its_switch(
    stage: Stage, facts: dict[str, Any], reasons: list[str]
) -> None:
    assert said(holds.of_connection(acme(stage, **facts), timezone.now())) == reasons


@pytest.mark.parametrize(
    ("status", "reasons"),
    [
        (RolloutStatus.CHECKING, [SWITCH, BUDGET, MAPPINGS]),
        (RolloutStatus.RUNNING, [SWITCH, BUDGET, MAPPINGS]),
        (RolloutStatus.PAUSED, [PAUSED]),
        (RolloutStatus.READY, []),
        (RolloutStatus.CANCELLED, []),
        (RolloutStatus.DONE, []),
        (RolloutStatus.ENDED, []),
        (RolloutStatus.REFUSED, []),
    ],
)
def test_a_roll_out_and_its_tenants_wait_for_the_same(
    status: RolloutStatus, reasons: list[str]
) -> None:
    row, now = acme(Stage.LIVE), timezone.now()
    found = rollout(status)
    item = RolloutItem.objects.create(rollout=found, connection=row, wave=0, status="ready")
    own = [OWN_PAUSE if reason == PAUSED else reason for reason in reasons]
    assert said(holds.of_rollout(found, now)) == own
    assert said(holds.of_connection(row, now)) == reasons
    RolloutItem.objects.filter(pk=item.pk).update(status="working")
    # It goes on to its end, so a pause holds up nothing of it.
    assert PAUSED not in said(holds.of_connection(row, now))
    RolloutItem.objects.filter(pk=item.pk).update(status="done")
    assert holds.of_connection(row, now) == []


@pytest.mark.parametrize("stage", [Stage.GRACE, Stage.OFFBOARDING])
def test_what_leaves_waits_for_no_roll_out(stage: Stage) -> None:
    row = acme(stage, **(LEAVING if stage == Stage.GRACE else {}))
    RolloutItem.objects.create(rollout=rollout("paused"), connection=row, wave=0, status="ready")
    assert holds.of_connection(row, timezone.now()) == []


def test_bulk_runs_wait_for_the_budget_alone() -> None:
    assert said(holds.of_bulk_runs(timezone.now())) == [BUDGET]


def test_nothing_is_held_while_all_is_on_and_nothing_is_spent() -> None:
    Switch.objects.update(on=True)
    ApiBudget.objects.update(remaining=4000)
    RateBucket.objects.update(tokens=10)
    now = timezone.now()
    assert holds.of_rollout(rollout("running"), now) == holds.of_bulk_runs(now) == []
    assert holds.of_connection(acme(Stage.LINKING), now) == []


def test_a_list_costs_one_query_for_any_number_of_rows(
    django_assert_num_queries: Any,
) -> None:
    row, now = acme(Stage.LIVE), timezone.now()
    others = [cast.connect(cast.enrol(who), Stage.LINKING) for who in (cast.BOREALIS, cast.CIRRUS)]
    checking, found = rollout("checking"), rollout("paused")
    RolloutItem.objects.create(rollout=found, connection=row, wave=0, status="ready")
    with django_assert_num_queries(1):
        held = holds.of_connections([row, *others], now)
    assert {said(held[each.pk])[0] for each in others} == {SWITCH}
    assert PAUSED in holds.in_words(held[row.pk])
    with django_assert_num_queries(1):
        assert said(holds.of_rollouts([checking, found], now)[found.pk]) == [OWN_PAUSE]
