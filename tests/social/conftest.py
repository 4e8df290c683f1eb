"""Fixtures of this floor."""

import pytest

import emulator as emulated
from tests.portal.admin.conftest import (  # noqa: F401  (fixtures)
    _roles,
    manager,
    operator,
    sign_in,
    superuser,
    viewer,
)
from tests.social.live_tenants import XSide


@pytest.fixture
def x_side(emulator: emulated.Running) -> XSide:
    """The emulated X, empty."""
    return XSide(emulator)
