"""No state of a connection is a trap: a button leads out, or it ends by itself in a known time."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Model
from django.utils import timezone

from connect import remedies
from connect.models import (
    BlockedKind,
    Connection,
    Stage,
    WaitingOn,
)
from connect.remedies import By
from connect.runner import patience, polling, retry
from connect.standing import Facts, Standing
from connect.standing.states import ONLY_IN_ROLLOUTS
from portal.actions import action as registry
from portal.actions.subject import Subject
from tenants.models import Tenant
from tests import cast, standings

pytestmark = pytest.mark.django_db

# --- how long what leaves by itself may take ------------------------------------------------------
OUTAGE = sum(
    (retry.back_off(attempt, None, 0) for attempt in range(1, retry.MAX_ATTEMPTS + 1)), timedelta()
)


def at_most(wait: timedelta) -> timedelta:
    """Return after what time of looking a step is done or blocked (test_alternation.py)."""
    return (wait * 2 + OUTAGE) * (patience.MAX_RENEWALS + 2)


STEP, LOAD = at_most(polling.HEROKU_PATIENCE), at_most(polling.LOADING_PATIENCE)


def offered(model: type[Model], target: Any) -> set[str]:
    """Return the names of what can be pressed on a target now."""
    return {each.name for each in registry.of(model).values() if not each.refusal(target)}


# --- connections ----------------------------------------------------------------------------------
# A stage is left by what staff press, or it is done or blocked by itself in this time.
STAGES: dict[Stage, str | timedelta] = {
    Stage.WAITING_FOR_PROOF: "approve",
    Stage.CREATING_ADDON: STEP,
    Stage.LINKING: STEP,
    Stage.CONFIGURING_DATABASE: STEP,
    Stage.WAITING_FOR_CONSENT: "resend",
    Stage.PUBLISHING_LINK: STEP,
    Stage.WAITING_FOR_AUTHORIZATION: "resend",
    Stage.IMPORTING_MAPPINGS: STEP,
    Stage.LOADING: LOAD,
    Stage.RESUMING: STEP,
    Stage.GRACE: "undo_offboarding",
    Stage.OFFBOARDING: STEP,
}
ENDS = (Stage.LIVE, Stage.OFFBOARDED)
ENDS_A_BLOCK = {"retry", "start_over", "import_mappings", "restart", "link"}


def ways_to_end(stage: Stage) -> set[str]:
    if stage == Stage.GRACE:
        return {"undo_offboarding", "end_grace"}
    is_ending = stage in (Stage.OFFBOARDING, Stage.OFFBOARDED)
    return set() if is_ending else {"offboard", "start_over"}


def subject(stage: Stage, **facts: Any) -> Subject:
    # As it was entered: nobody has proved the org before the first step.
    tenant = Tenant.objects.create(**cast.ACME)
    # Not stored, since not every stage can be with every block; its key is one that no row has.
    known = {"pk": 1, "connection_id": "c1", "waiting_on": WaitingOn.SUBSCRIBER}
    return Subject(tenant, Connection(tenant=tenant, stage=stage, **{**known, **facts}))


@pytest.mark.parametrize("stage", Stage)
def test_a_stage_is_left_by_a_button_or_by_itself(stage: Stage) -> None:
    ways = offered(Tenant, subject(stage))
    way = STAGES.get(stage)
    assert (way is None) == (stage in ENDS)
    if isinstance(way, timedelta):
        assert way < timedelta(days=60)
    elif way is not None:
        assert way in ways
    # Nobody has to wait for it.
    assert ways_to_end(stage) <= ways


BLOCKS = [
    pytest.param(stage, kind, id=f"{stage}-{kind}")
    for stage, kind in product(Stage, BlockedKind)
    if stage != Stage.OFFBOARDED and kind not in ONLY_IN_ROLLOUTS
]


@pytest.mark.parametrize(("stage", "kind"), BLOCKS)
def test_a_block_of_any_kind_is_left_by_a_button_at_any_stage(
    stage: Stage, kind: BlockedKind
) -> None:
    facts = {"blocked_at": timezone.now(), "blocked_reason": "No.", "blocked_kind": kind}
    ways = offered(Tenant, subject(stage, **facts))
    remedy = remedies.BLOCKED[kind]
    if remedy.action in ENDS_A_BLOCK:
        assert {remedy.action, "retry"} & ways
    else:
        assert "retry" in ways
    assert ways_to_end(stage) <= ways


@pytest.mark.parametrize(
    ("facts", "seen"), standings.EVERY, ids=[seen.key for _, seen in standings.EVERY]
)
def test_the_button_that_a_state_names_can_be_pressed(facts: Facts, seen: Standing) -> None:
    tenant = cast.enrol(cast.ACME) if facts.stage != Stage.WAITING_FOR_PROOF else _unproven()
    connection = standings.make(tenant, facts)
    tenant.refresh_from_db()
    if seen.remedy.action:
        assert seen.remedy.action in offered(Tenant, Subject(tenant, connection))
    elif seen.remedy.page is None:
        assert seen.remedy.by == By.PORTAL


def _unproven() -> Tenant:
    return Tenant.objects.create(**cast.ACME)


def waits_in_the_code() -> Iterator[tuple[str, ast.Call]]:
    for file in sorted((Path(settings.BASE_DIR) / "connect").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Wait":
                yield f"{file.name}:{node.lineno}", node


def test_each_wait_for_heroku_has_patience_and_each_of_the_portal_a_time() -> None:
    found = list(waits_in_the_code())
    assert len(found) > 10
    for place, call in found:
        until, _, waiting_on, *others = map(ast.unparse, call.args)
        named = {each.arg for each in call.keywords}
        if waiting_on == "WaitingOn.HEROKU":
            assert others or "patience" in named, place
        # A live connection has nothing to do until staff or the subscriber act.
        if waiting_on == "WaitingOn.PORTAL" and until == "None":
            assert place.partition(":")[0] in ("pauses.py", "reconciler.py"), place
