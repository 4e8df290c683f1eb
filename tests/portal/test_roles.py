"""Who may do what."""

import pytest

from connect.operations.connection import REGISTRY
from portal import roles
from portal.actions import action as registry
from tenants.models import Tenant

ACTIONS = registry.of(Tenant)


def needed() -> set[str]:
    """Return the permissions of all actions; a function of the row is that of another action."""
    every = (each for model in registry.models() for each in registry.of(model).values())
    return {each.permission for each in every if isinstance(each.permission, str)}


@pytest.mark.parametrize("permission", sorted(needed()))
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
    permissions = {ACTIONS[name].permission for name in REGISTRY}
    assert permissions <= roles.permissions()[roles.MANAGER]


def test_what_ends_or_overwrites_something_is_closed_to_operators() -> None:
    granted = roles.permissions()[roles.OPERATOR]
    closed = {name for name in REGISTRY if ACTIONS[name].permission not in granted}
    assert closed == {"offboard", "end_grace", "start_over", "overwrite"}


def test_no_role_can_make_itself_a_superuser() -> None:
    changing = {"auth.add_user", "auth.change_user", "auth.change_group"}
    assert not changing & roles.permissions()[roles.MANAGER]
