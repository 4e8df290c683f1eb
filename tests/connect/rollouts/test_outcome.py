"""What a roll-out is called when it has ended, and its figures as text."""

from collections import Counter

import pytest

from connect.models import RolloutStatus
from connect.rollouts import outcome


@pytest.mark.parametrize(
    ("counts", "status", "words"),
    [
        ({"done": 50}, RolloutStatus.DONE, "50 done"),
        (
            {"done": 41, "refused": 6, "failed": 3},
            RolloutStatus.ENDED,
            "41 done, 6 refused, 3 failed",
        ),
        ({"done": 49, "failed": 1}, RolloutStatus.ENDED, "49 done, 1 failed"),
        ({"done": 49, "skipped": 1}, RolloutStatus.ENDED, "49 done, 1 skipped"),
        ({"failed": 2}, RolloutStatus.ENDED, "2 failed"),
        ({"refused": 1200}, RolloutStatus.REFUSED, "1,200 refused"),
        ({"refused": 1, "skipped": 1}, RolloutStatus.ENDED, "1 skipped, 1 refused"),
    ],
)
def test_it_is_done_only_if_all_its_tenants_are(
    counts: dict[str, int], status: RolloutStatus, words: str
) -> None:
    assert outcome.final_status(Counter(counts)) == status
    assert outcome.words(counts) == words


def test_what_is_still_to_do_is_counted_too() -> None:
    assert outcome.words({"done": 1, "ready": 3, "working": 1}) == "1 done, 4 still to do"
    assert outcome.words({}) == "0 done"
