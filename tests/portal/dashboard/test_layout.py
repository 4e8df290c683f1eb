"""Where the cards of a page stand."""

import pytest

from portal.dashboard import layout
from portal.dashboard.card import Card, Shown
from tenants.batching import Asking, batched


@batched
def nothing(now: object) -> Asking[dict[str, object]]:
    yield []
    return {}


def placed(*spans: int) -> list[tuple[list[int], list[int], list[int]]]:
    shown = [Shown(Card(f"{span}", "", nothing, span=span), "") for span in spans]
    return [
        tuple([each.card.span for each in some] for some in (row.wide, row.main, row.side))  # type: ignore[misc]  # of three
        for row in layout.rows(shown)
    ]


@pytest.mark.parametrize(
    ("spans", "rows"),
    [
        ([], []),
        ([3, 2, 1, 1, 2, 3], [([3], [], []), ([], [2, 2], [1, 1]), ([3], [], [])]),
        ([1, 2], [([], [2], [1])]),
        # Who may not see the others: nothing stands beside a hole.
        ([3, 1, 1], [([3], [], []), ([1, 1], [], [])]),
        ([2, 3], [([2], [], []), ([3], [], [])]),
    ],
)
def test_no_column_is_empty(
    spans: list[int], rows: list[tuple[list[int], list[int], list[int]]]
) -> None:
    assert placed(*spans) == rows
