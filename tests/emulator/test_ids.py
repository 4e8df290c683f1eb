"""Salesforce ids."""

import pytest

from emulator.org import ids


@pytest.mark.parametrize(
    ("short", "full"),
    [("00558000001N0Ke", "00558000001N0KeAAK"), ("00DB00000002NDm", "00DB00000002NDmMAM")],
)
def test_the_suffix_follows_salesforces_rule(short: str, full: str) -> None:
    assert ids.eighteen(short) == full
    assert ids.canonical(short) == full
    assert ids.canonical(full) == full


@pytest.mark.parametrize("wrong", ["", "00DB00000002NDmAAA", "00DB00000002ND-", "x" * 19])
def test_text_that_is_not_an_id_has_no_canonical_form(wrong: str) -> None:
    assert ids.canonical(wrong) is None


@pytest.mark.parametrize("serial", [1, 61, 62, 10**9])
def test_the_number_can_be_read_from_a_made_id(serial: int) -> None:
    made = ids.make("001B00", serial)
    assert ids.canonical(made) == made
    assert ids.serial_of(made) == serial
