"""Every kind of failed entry beside every row it could meet: what is sent, and what never is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.models import SkipReason
from connect.write_errors import hstore, matching
from connect.write_errors.matching import Entry, Row, Rows

S = SkipReason
MINE, OTHER = "001000000000002AAA", "001000000000003AAA"
SENT, HANDED_BACK = "captured", "handed back"


def rows(*found: tuple[int, str | None], waiting: tuple[int, ...] = (), name: str = "now") -> Rows:
    made = [Row(number, sfid, {"name": name, "site": "added later"}) for number, sfid in found]
    by_sfid = {row.sfid: row for row in made if row.sfid}
    return Rows({row.id: row for row in made}, by_sfid, frozenset(waiting))


def outcome(entry: Entry, found: Rows, *, ordered: bool) -> object:
    (match,) = matching.match_all([entry], found, ordered=ordered)
    if match.skipped:
        return match.skipped
    if match.row and entry.sfid:
        assert match.row.sfid == entry.sfid  # never another record
    return SENT if match.captured else HANDED_BACK


@pytest.mark.parametrize(
    ("action", "sfid", "found", "ordered", "merged"),
    [
        # an update that names its record
        ("UPDATE", MINE, rows((2, MINE)), SENT, HANDED_BACK),
        ("UPDATE", MINE, rows((3, MINE), (2, OTHER)), SENT, S.RENUMBERED),
        ("UPDATE", MINE, rows((3, MINE)), SENT, S.RENUMBERED),
        ("UPDATE", MINE, rows((2, OTHER)), S.GONE, S.GONE),
        ("UPDATE", MINE, rows((2, None)), S.GONE, S.GONE),
        ("UPDATE", MINE, rows(), S.GONE, S.GONE),
        # an update of a row that was not in Salesforce yet
        ("UPDATE", None, rows((2, None)), SENT, HANDED_BACK),
        ("UPDATE", None, rows((2, OTHER)), S.OTHER_VALUES, S.OTHER_VALUES),
        ("UPDATE", None, rows((2, MINE), name="failed"), S.IS_RECORD, S.IS_RECORD),
        ("UPDATE", None, rows(), S.GONE, S.GONE),
        # an insert
        ("INSERT", None, rows((2, None)), SENT, HANDED_BACK),
        ("INSERT", None, rows((2, OTHER)), S.OTHER_VALUES, S.OTHER_VALUES),
        ("INSERT", None, rows((2, MINE), name="failed"), S.IS_RECORD, S.IS_RECORD),
        ("INSERT", None, rows(), S.GONE, S.GONE),
        ("INSERT", None, rows((2, None), waiting=(2,)), S.WAITING, S.WAITING),
        ("INSERT", MINE, rows((2, MINE)), S.IS_RECORD, S.IS_RECORD),
        ("INSERT", MINE, rows((2, None)), S.IS_RECORD, S.IS_RECORD),
        # a deletion
        ("DELETE", MINE, rows(), HANDED_BACK, HANDED_BACK),
        ("DELETE", MINE, rows((2, MINE)), HANDED_BACK, HANDED_BACK),
        ("DELETE", MINE, rows((2, OTHER)), S.RENUMBERED, S.RENUMBERED),
        ("DELETE", MINE, rows((2, None)), S.RENUMBERED, S.RENUMBERED),
        ("DELETE", None, rows(), S.NO_RECORD, S.NO_RECORD),
        ("DELETE", None, rows((2, OTHER)), S.NO_RECORD, S.NO_RECORD),
    ],
)
def test_an_entry_reaches_its_own_record_or_none(
    action: str, sfid: str | None, found: Rows, ordered: object, merged: object
) -> None:
    entry = Entry(1, 2, action, sfid, {"name": "failed"})
    assert outcome(entry, found, ordered=True) == ordered
    assert outcome(entry, found, ordered=False) == merged


@pytest.mark.parametrize("values", [{}, {"id": "2"}, {"name": None}, {"name": "bad", "site": None}])
def test_a_number_alone_does_not_say_that_an_insert_arrived(values: dict[str, str | None]) -> None:
    entry = Entry(1, 2, "INSERT", None, values)
    assert outcome(entry, rows((2, OTHER)), ordered=True) == S.OTHER_VALUES


def test_columns_that_an_insert_left_empty_may_be_filled_by_now() -> None:
    entry = Entry(1, 2, "INSERT", None, {"name": "failed", "site": None})
    assert outcome(entry, rows((2, MINE), name="failed"), ordered=True) == S.IS_RECORD


def test_an_update_to_an_empty_value_arrived_only_if_the_row_is_empty_there() -> None:
    emptied = {"name": "failed", "site": None}
    entry = Entry(1, 2, "UPDATE", None, emptied)
    assert outcome(entry, rows((2, MINE), name="failed"), ordered=True) == S.OTHER_VALUES
    row = Row(2, MINE, {**emptied, "id": "2"})
    assert outcome(entry, Rows({2: row}, {MINE: row}), ordered=True) == S.IS_RECORD


def test_a_row_is_inserted_once() -> None:
    entries = [Entry(number, 2, "INSERT", None, {}) for number in (1, 2)]
    first, second = matching.match_all(entries, rows((2, None)), ordered=True)
    assert (first.skipped, second.skipped) == (None, S.WAITING)


def test_what_the_row_no_longer_holds_is_named() -> None:
    wanted = {"name": "x", "site": None, "city": "z", "id": "2", "_hc_err": "no"}
    present = {"name": "y", "site": None, "id": "3", "_hc_err": None}
    found = [str(each) for each in matching.differences(wanted, present)]
    assert found == ["name 'x', now 'y'", "city 'z', now empty"]


@given(st.dictionaries(st.text(min_size=1), st.none() | st.text()))
def test_the_text_of_hstore_is_read_as_it_was_written(values: dict[str, str | None]) -> None:
    def quoted(text: str | None) -> str:
        if text is None:
            return "NULL"
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = ", ".join(f"{quoted(name)}=>{quoted(value)}" for name, value in values.items())
    assert hstore.parse(text) == values
