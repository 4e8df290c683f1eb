"""Each reason has one right action."""

import pytest
from django.utils import timezone

from connect import remedies
from connect.health import healing, states
from connect.models import COMMON, BlockedKind, Connection, IncidentKind, Stage
from connect.operations import connection as connection_operations
from connect.remedies import By, Page, Remedy

ALL = [
    *remedies.BLOCKED.values(),
    *remedies.INCIDENTS.values(),
    *remedies.WAITS.values(),
    remedies.PAUSED,
    remedies.CAPPED,
    remedies.NO_ROOM,
    remedies.DRIFTED,
]


def test_no_kind_and_no_stage_is_without_a_remedy() -> None:
    assert set(remedies.BLOCKED) == set(BlockedKind)
    assert set(remedies.INCIDENTS) == set(IncidentKind)
    assert set(remedies.WAITS) == set(Stage)


@pytest.mark.parametrize("remedy", ALL, ids=lambda remedy: remedy.do[:40])
def test_a_remedy_is_a_button_or_a_page_and_says_what_happens_then(remedy: Remedy) -> None:
    assert remedy.do.endswith(".")
    assert remedy.then.endswith(".")
    assert not (remedy.action and remedy.page)
    # A person who has to act learns where.
    assert remedy.by == By.PORTAL or remedy.action or remedy.page


@pytest.mark.parametrize(
    ("remedy", "action", "page", "by"),
    [
        (remedies.INCIDENTS[IncidentKind.TOO_MANY_ROWS], "", Page.HEROKU_ADDONS, By.MANAGER),
        (remedies.INCIDENTS[IncidentKind.WRITE_ERRORS], "", Page.WRITE_ERRORS, By.OPERATOR),
        (remedies.INCIDENTS[IncidentKind.WRONG_ORG], "start_over", None, By.MANAGER),
        (remedies.INCIDENTS[IncidentKind.SYSTEM_ERROR], "restart", None, By.OPERATOR),
        (remedies.BLOCKED[BlockedKind.WRONG_ORG], "start_over", None, By.MANAGER),
        (remedies.BLOCKED[BlockedKind.ROW_LIMIT], "", Page.HEROKU_ADDONS, By.MANAGER),
        (remedies.BLOCKED[BlockedKind.GAVE_UP], "retry", None, By.OPERATOR),
    ],
)
def test_the_right_action_of_a_reason(
    remedy: Remedy, action: str, page: Page | None, by: By
) -> None:
    assert (remedy.action, remedy.page, remedy.by) == (action, page, by)


@pytest.mark.parametrize("kind", BlockedKind)
def test_a_button_that_cannot_help_against_a_block_is_refused(kind: BlockedKind) -> None:
    blocked = {"blocked_at": timezone.now(), "blocked_kind": kind, "blocked_reason": "It failed."}
    connection = Connection(stage=Stage.LOADING, connection_id="c", **blocked)
    wanted = remedies.BLOCKED[kind]
    retry = connection_operations.REGISTRY["retry"].refusal(connection)
    assert bool(retry) == (wanted.action == "start_over")
    # The text of the remedy names nothing that is refused.
    assert not (retry and "Retry" in wanted.then)


@pytest.mark.parametrize("kind", BlockedKind)
def test_a_tenant_of_a_roll_out_is_retried_with_the_roll_out(kind: BlockedKind) -> None:
    remedy = remedies.of_rollout_item(kind)
    assert "“Retry failed”" in remedy.in_words
    assert "Retry provisioning" not in remedy.in_words
    assert remedy.action != "retry"


@pytest.mark.parametrize("state", [each for each in states.CONNECTIONS if states.is_broken(each)])
def test_restart_is_offered_where_it_is_the_remedy_of_the_state(state: str) -> None:
    connection = Connection(stage=Stage.LIVE, state=state, connection_id="c")
    refused = connection_operations.REGISTRY["restart"].refusal(connection)
    remedy = remedies.BLOCKED[states.as_blocked(state).kind]
    assert bool(refused) == (remedy.action != "restart")
    assert bool(refused) != (state in ("SYSTEM_ERROR", "DB_UNAVAILABLE"))


def test_what_the_portal_does_by_itself_is_what_staff_are_offered() -> None:
    names = {"sign_in": "resend"}
    for kind in healing.REMEDIES.keys() - set(COMMON):
        own = healing.REMEDIES[kind]
        assert remedies.INCIDENTS[kind].action == names.get(own.name, own.name)
