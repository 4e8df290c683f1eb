"""Who may do what."""

from connect.operations import REGISTRY
from portal import roles


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
