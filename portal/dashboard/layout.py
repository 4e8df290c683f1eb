"""Where the cards stand: wide ones alone, the others in two columns, so that none leaves a hole."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from portal.dashboard.card import Shown

WHOLE = 3  # of three columns
MAIN = 2


@dataclass(frozen=True)
class Row:
    """Cards over the whole width, or else a main column and one beside it."""

    wide: list[Shown]
    main: list[Shown]
    side: list[Shown]


def rows(cards: Iterable[Shown]) -> list[Row]:
    """Return the cards in rows, each column in their order."""
    found = []
    for is_wide, some in groupby(cards, key=lambda each: each.card.span == WHOLE):
        shown = list(some)
        main = [each for each in shown if each.card.span == MAIN]
        side = [each for each in shown if each.card.span < MAIN]
        # One column alone would leave the other one empty.
        alone = is_wide or not main or not side
        found.append(Row(shown, [], []) if alone else Row([], main, side))
    return found
