"""Fixtures of this floor."""

import pytest

import emulator as emulated
from tenants.models import Proof
from tests import cast
from tests.connect.journey import Journey


@pytest.fixture
def journey(db: None, emulator: emulated.Running) -> Journey:
    """Acme, registered by a signed callout a moment ago."""
    return Journey(emulator, cast.ACME, Proof.SIGNED)
