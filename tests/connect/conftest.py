"""Fixtures of this floor."""

import pytest

import emulator as emulated
from tenants.models import Proof
from tests import cast
from tests.connect import fleet as fleets
from tests.connect.fleet import Fleet
from tests.connect.journey import Journey


@pytest.fixture
def journey(db: None, emulator: emulated.Running) -> Journey:
    """Acme, registered by a signed callout a moment ago."""
    return Journey(emulator, cast.ACME, Proof.SIGNED)


@pytest.fixture
def fleet(db: None, emulator: emulated.Running) -> Fleet:
    """No tenants yet, and versions 1 and 2 of the mappings."""
    first = fleets.version(fleets.FIRST)
    fleets.version(fleets.SECOND)
    return Fleet(emulator, first)
