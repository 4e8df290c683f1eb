"""Which events follow from how a tenant stands: a table, and what holds for any course."""

import itertools

import pytest

from connect.standing import Word
from portal.integrations import lifecycle
from portal.integrations.lifecycle import Sent, follow
from portal.integrations.models import LifecycleKind

REGISTERED, LIVE, BROKEN, HEALED, OFFBOARDED = LifecycleKind

# The last event, whether it was live, how it stands, and what follows.
CASES = [
    ("", False, Word.NEW, []),
    ("", False, Word.WAITING_FOR_PROOF, []),
    ("", False, Word.CREATING_ADDON, [REGISTERED]),
    ("", False, Word.LIVE, [REGISTERED, LIVE]),
    ("", False, Word.BLOCKED, [REGISTERED, BROKEN]),
    ("", False, Word.OFFBOARDED, []),
    (REGISTERED, False, Word.LOADING, []),
    (REGISTERED, False, Word.LIVE, [LIVE]),
    (REGISTERED, False, Word.DRIFTED, [LIVE]),
    (REGISTERED, False, Word.DEGRADED, []),
    (REGISTERED, False, Word.BLOCKED, [BROKEN]),
    (REGISTERED, False, Word.OFFBOARDED, [OFFBOARDED]),
    (LIVE, True, Word.LIVE, []),
    (LIVE, True, Word.DEGRADED, []),
    (LIVE, True, Word.UNKNOWN, []),
    (LIVE, True, Word.PAUSED, []),
    (LIVE, True, Word.RECOVERING, []),
    (LIVE, True, Word.BROKEN, [BROKEN]),
    (LIVE, True, Word.NEEDS_AUTHORIZATION, [BROKEN]),
    (LIVE, True, Word.BLOCKED, [BROKEN]),
    (LIVE, True, Word.CREATING_ADDON, []),  # it starts over
    (LIVE, True, Word.GRACE, []),
    (BROKEN, True, Word.BROKEN, []),
    (BROKEN, True, Word.NEEDS_AUTHORIZATION, []),
    (BROKEN, True, Word.RECOVERING, []),
    (BROKEN, True, Word.UNKNOWN, []),
    (BROKEN, True, Word.PAUSED, []),
    (BROKEN, True, Word.CREATING_ADDON, []),
    (BROKEN, True, Word.LIVE, [HEALED]),
    (BROKEN, True, Word.DRIFTED, [HEALED]),
    (BROKEN, True, Word.OFFBOARDED, [OFFBOARDED]),
    (BROKEN, False, Word.LINKING, [HEALED]),  # the block of the set-up is lifted
    (BROKEN, False, Word.LIVE, [HEALED, LIVE]),
    (BROKEN, False, Word.GRACE, []),
    (HEALED, True, Word.LIVE, []),
    (HEALED, True, Word.BROKEN, [BROKEN]),
    (HEALED, False, Word.LIVE, [LIVE]),
    (OFFBOARDED, False, Word.OFFBOARDED, []),
    (OFFBOARDED, False, Word.WAITING_FOR_PROOF, []),
    (OFFBOARDED, False, Word.LINKING, [REGISTERED]),  # it has come back
]


@pytest.mark.parametrize(("last", "was_live", "word", "kinds"), CASES)
def test_what_follows(last: str, was_live: bool, word: Word, kinds: list[LifecycleKind]) -> None:
    assert follow(Sent(last, was_live), word) == kinds


def sent_after(sent: Sent, word: Word) -> Sent:
    for kind in follow(sent, word):
        sent = lifecycle.after(sent, kind)
    return sent


def every_state() -> set[Sent]:
    """Return everything that can be known, by any course of standings."""
    seen, new = {Sent()}, {Sent()}
    while new:
        new = {sent_after(sent, word) for sent, word in itertools.product(new, Word)} - seen
        seen |= new
    return seen


def test_a_standing_that_stays_makes_its_events_once() -> None:
    for sent, word in itertools.product(every_state(), Word):
        assert follow(sent_after(sent, word), word) == [], (sent, word)


def test_a_course_begins_with_registered_and_every_healed_follows_a_broken() -> None:
    for sent, word in itertools.product(every_state(), Word):
        kinds = follow(sent, word)
        is_new = sent.last in ("", OFFBOARDED)
        assert (kinds[:1] == [REGISTERED]) == (is_new and bool(kinds)), (sent, word)
        assert HEALED not in kinds or sent.last == BROKEN, (sent, word)
        assert LIVE not in kinds or not sent.was_live, (sent, word)
