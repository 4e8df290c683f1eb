"""Bar charts: numbers in, lengths out. One template, admin/charts/bars.html, draws them as SVG.

`rows` makes bars that lie below each other, each with its words and a link. `columns` makes bars
that stand side by side, for values over time. Lengths are in the drawing's own units, which the
stylesheet stretches. Words stay outside the drawing, in HTML, so they keep their size on a phone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.template.loader import render_to_string

TEMPLATE = "admin/charts/bars.html"
FULL = 100.0  # the length of the longest row
HEIGHT = 20  # of the tallest column
MIN_HEIGHT = 2  # a column of nothing still shows that something was measured
STEP = 3  # from one column to the next; the last unit is the gap
MAX_WITH_GAPS = 100  # more columns stand without gaps, which would flicker at this size


@dataclass(frozen=True)
class Bar:
    """One number and how it is shown. `share` is 0 to 1 of the chart's largest value.

    `shown` replaces the number where it is not clear alone, e.g. "3 writes". `tone` is one of the
    theme's five (docs/theme.md).
    """

    label: str
    value: float
    url: str = ""
    tone: str = "busy"
    note: str = ""
    shown: str = ""
    share: float = 0

    @property
    def text(self) -> str:
        return self.shown or f"{self.value:.15g}"

    @property
    def width(self) -> float:
        """The length of a row. What is more than nothing can be seen."""
        return max(1.0, round(FULL * self.share, 1)) if self.share else 0

    @property
    def height(self) -> int:
        return max(MIN_HEIGHT, round(HEIGHT * self.share))

    @property
    def top(self) -> int:
        return HEIGHT - self.height


@dataclass(frozen=True)
class BarChart:
    """Bars with a label that says what they show. `slots` is the room for columns; None: rows."""

    label: str
    bars: Sequence[Bar]
    slots: int | None = None
    kind: str = ""
    height: int = HEIGHT

    @property
    def width(self) -> int:
        return (self.slots or 0) * STEP

    @property
    def column_width(self) -> int:
        return STEP - 1 if (self.slots or 0) <= MAX_WITH_GAPS else STEP

    @property
    def columns(self) -> list[tuple[int, Bar]]:
        """Each bar with its place from the left. The newest stands at the right edge."""
        first = (self.slots or 0) - len(self.bars)
        return [((first + number) * STEP, bar) for number, bar in enumerate(self.bars)]

    def render(self) -> str:
        """Return the chart as HTML for a cell of a table; "-" where there is nothing to draw."""
        return render_to_string(TEMPLATE, {"chart": self}) if self.bars else "-"


def rows(label: str, bars: Sequence[Bar]) -> BarChart:
    """Return bars that lie below each other, as long as their share of the largest value."""
    return BarChart(label, _shared(bars, max((bar.value for bar in bars), default=0)))


def columns(
    label: str,
    bars: Sequence[Bar],
    *,
    top: float | None = None,
    slots: int | None = None,
    kind: str = "",
) -> BarChart:
    """Return bars that stand side by side, the oldest first.

    `top` is the value of a full height, else the largest. `slots` leaves room for bars that are
    still missing. `kind` names the size in the stylesheet: "spark" fits into a cell of a table.
    """
    highest = max((bar.value for bar in bars), default=0) if top is None else top
    return BarChart(label, _shared(bars, highest), slots or len(bars), kind)


def _shared(bars: Sequence[Bar], top: float) -> list[Bar]:
    return [replace(bar, share=_share(bar.value, top)) for bar in bars]


def _share(value: float, top: float) -> float:
    return min(max(value / top, 0), 1) if top > 0 else 0
