"""What every test needs because of this use case; loaded by tests/conftest.py."""

import os

import pytest

from social import database_role


@pytest.fixture(scope="session", autouse=True)
def _posts_have_a_role_for_each_process() -> None:
    """Roles are the server's, which all processes share: one must not change another's."""
    database_role.ROLE += f"_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
