"""Who may do what."""

import pytest

from connect.operations.connection import REGISTRY
from portal import roles
from portal.admin.kit.actions import ACTIONS


@pytest.mark.parametrize("permission", sorted({action.permission for action in ACTIONS.values()}))
def test_no_action_is_open_to_a_viewer_and_none_is_closed_to_managers(permission: str) -> None:
    granted = roles.permissions()
    assert permission not in granted[roles.VIEWER]
    assert permission in granted[roles.MANAGER]


def test_each_role_may_do_all_that_the_one_below_it_may() -> None:
    granted = roles.permissions()
    assert granted[roles.VIEWER] < granted[roles.OPERATOR] < granted[roles.MANAGER]


def test_a_viewer_only_looks() -> None:
    assert all(".view_" in name for name in roles.permissions()[roles.VIEWER])


def test_every_operation_is_open_to_managers() -> None:
    needed = {operation.permission for operation in REGISTRY.values()}
    assert needed <= roles.permissions()[roles.MANAGER]


def test_what_ends_a_connection_is_closed_to_operators() -> None:
    granted = roles.permissions()[roles.OPERATOR]
    closed = {name for name, each in REGISTRY.items() if each.permission not in granted}
    assert closed == {"offboard", "start_over"}


def test_no_role_can_make_itself_a_superuser() -> None:
    changing = {"auth.add_user", "auth.change_user", "auth.change_group"}
    assert not changing & roles.permissions()[roles.MANAGER]
