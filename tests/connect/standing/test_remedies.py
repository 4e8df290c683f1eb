"""Each reason has one right action."""

import pytest

from connect import remedies
from connect.health import healing
from connect.models import COMMON, BlockedKind, IncidentKind, Stage
from connect.remedies import By, Page, Remedy

ALL = [
    *remedies.BLOCKED.values(),
    *remedies.INCIDENTS.values(),
    *remedies.WAITS.values(),
    remedies.PAUSED,
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


def test_what_the_portal_does_by_itself_is_what_staff_are_offered() -> None:
    names = {"sign_in": "resend"}
    for kind in healing.REMEDIES.keys() - set(COMMON):
        own = healing.REMEDIES[kind]
        assert remedies.INCIDENTS[kind].action == names.get(own.name, own.name)
