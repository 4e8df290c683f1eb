"""Organisation ids."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import orgid

ID15 = st.text(string.ascii_letters + string.digits, min_size=12, max_size=12).map("00D".__add__)


@pytest.mark.parametrize(
    ("short", "suffix"),
    [("00DB00000002NDm", "MAM"), ("00558000001N0Ke", "AAK"), ("0019000000DmehK", "AAR")],
)
def test_the_checksum_is_salesforces(short: str, suffix: str) -> None:
    assert orgid.checksum(short) == suffix


@pytest.mark.parametrize(
    "given_id",
    ["00DB00000002NDm", "00DB00000002NDmMAM", "00DB00000002NDmmam", "  00DB00000002NDmMAM\n"],
)
def test_every_right_form_becomes_the_one_of_18_characters(given_id: str) -> None:
    assert orgid.normalize(given_id) == "00DB00000002NDmMAM"


@pytest.mark.parametrize(
    ("given_id", "why"),
    [
        ("", "15 or 18"),
        ("00DB00000002ND", "15 or 18"),
        ("00DB00000002NDmM", "15 or 18"),
        ("00DB00000002NDmMAM0", "15 or 18"),
        ("00DB-0000002NDm", "15 or 18"),
        ("00558000001N0Ke", "starts with 00D"),
        ("00db00000002ndm", "starts with 00D"),
        ("00DB00000002NDmMAN", "case of a letter"),
        ("00DB00000002NDm" + "MA9", "15 or 18"),
        ("00DB0000000２NDm", "15 or 18"),  # a full-width digit
        ("00DB00000002ND\u017f", "15 or 18"),  # what an s is without regard to case
        ("00DB00000002NDmMA\u212a", "15 or 18"),  # the sign of the kelvin, also a K
    ],
)
def test_anything_else_is_refused_with_a_reason(given_id: str, why: str) -> None:
    with pytest.raises(orgid.BadOrgId, match=why):
        orgid.normalize(given_id)


@given(ID15)
def test_both_forms_of_an_id_are_one(short: str) -> None:
    full = orgid.normalize(short)
    assert orgid.normalize(full) == full
    assert full[:15] == short


@given(ID15, st.integers(3, 14))
def test_a_changed_case_is_always_noticed(short: str, position: int) -> None:
    full = orgid.normalize(short)
    changed = full[:position] + full[position].swapcase() + full[position + 1 :]
    if changed != full:
        with pytest.raises(orgid.BadOrgId):
            orgid.normalize(changed)


@given(st.text(max_size=20))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    try:
        full = orgid.normalize(text)
    except orgid.BadOrgId:
        return
    assert len(full) == 18
    assert full.isascii()
