"""Fixtures of this floor."""

import pytest

import emulator as emulated
from tests.social.world import XSide


@pytest.fixture
def x_side(emulator: emulated.Running) -> XSide:
    """The emulated X, empty."""
    return XSide(emulator)
