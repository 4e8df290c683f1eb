"""A chart of layers over time: numbers in, SVG paths out. Drawn by admin/charts/stacked.html.

Layers are areas, or columns where a value is about a whole hour or week. Everything is in a box of
100 × 100 units that the stylesheet stretches. A point without a number is a gap: nothing was
measured then. Each chart carries its rows for the table that says the same.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

BOX = 100.0
MAX_ROWS = 12  # of the table beside a chart; more cannot be read
NARROW = 0.4  # half the width of a point that stands alone
GAP = 0.15  # of a column's room, on each side of it

Values = Sequence[float | None]


@dataclass(frozen=True)
class Series:
    """One layer: a name, a tone of the theme, and a value for each point (None: not measured).

    `shown` is what the table says of each point, if not the value.
    """

    label: str
    tone: str
    values: Values
    shown: Sequence[Any] | None = None

    def said(self, point: int) -> Any:
        return self.values[point] if self.shown is None else self.shown[point]


@dataclass(frozen=True)
class Layer:
    """A series as the path of an area. `is_pale`: a layer above has the same tone."""

    label: str
    tone: str
    path: str
    last: float | None
    is_pale: bool


@dataclass(frozen=True)
class Chart:
    """`top` is the value at the upper edge, in `unit`; `rows` are (point, values) for the table.

    `end` is what stands below the right edge.
    """

    layers: list[Layer]
    top: int
    points: list[str]
    rows: list[tuple[str, list[Any]]]
    unit: str
    end: str

    @property
    def middle(self) -> str:
        """What half of the height means; empty for a fraction."""
        return f"{self.top // 2:,}" if self.top % 2 == 0 else ""

    @property
    def half_way(self) -> str:
        return self.points[len(self.points) // 2]


def stacked(
    points: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str = "",
    columns: bool = False,
    end: str = "now",
) -> Chart:
    """Stack the series, the first at the bottom. `points` are the labels of the values."""
    sums = (sum(value or 0 for value in values) for values in _by_point(series))
    top, draw = round_up(max(sums, default=0)), _columns if columns else _area
    below: list[float | None] = [0.0] * len(points)
    layers: list[Layer] = []
    for number, each in enumerate(series):
        above = [_add(low, value) for low, value in zip(below, each.values, strict=True)]
        is_pale = each.tone in {later.tone for later in series[number + 1 :]}
        last = each.values[-1] if each.values else 0
        layers.append(Layer(each.label, each.tone, draw(below, above, top), last, is_pale))
        below = above
    return Chart(layers, top, list(points), _rows(points, series), unit, end)


def _by_point(series: Sequence[Series]) -> Iterator[tuple[float | None, ...]]:
    return zip(*(each.values for each in series), strict=True)


def round_up(value: float) -> int:
    """Return the next round number for an axis: 1, 2 or 5 times a power of ten."""
    if value <= 1:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(int(step * power) for step in (1, 2, 5, 10) if step * power >= value)


def _add(low: float | None, value: float | None) -> float | None:
    return None if low is None or value is None else low + value


def _area(below: Values, above: Values, top: float) -> str:
    """Return an SVG path along `above` and back along `below`, in a piece for each stretch."""
    return " ".join(_piece(run, len(above), top) for run in _stretches(below, above))


def _columns(below: Values, above: Values, top: float) -> str:
    """Return an SVG path of a rectangle for each point that has a height."""
    pairs, room = zip(below, above, strict=True), 1 / max(len(above), 1)
    return " ".join(
        _column((number + GAP) * room, (number + 1 - GAP) * room, low / top, high / top)
        for number, (low, high) in enumerate(pairs)
        if low is not None and high is not None and high > low
    )


def _column(left: float, right: float, low: float, high: float) -> str:
    return f"M{_at(left, low)} L{_at(left, high)} L{_at(right, high)} L{_at(right, low)} Z"


def _stretches(below: Values, above: Values) -> Iterator[list[tuple[float, float, float]]]:
    """Yield each run of points without a gap, as (number, lower value, upper value)."""
    numbered = [(number, *pair) for number, pair in enumerate(zip(below, above, strict=True))]
    for is_gap, run in groupby(numbered, key=lambda point: None in point):
        if not is_gap:
            yield [(number, low or 0, high or 0) for number, low, high in run]


def _piece(run: list[tuple[float, float, float]], count: int, top: float) -> str:
    if len(run) == 1:  # a line has no area: widen it
        number, low, high = run[0]
        run = [(max(number - NARROW, 0), low, high), (min(number + NARROW, count - 1), low, high)]
    last = max(count - 1, 1)
    if count == 1:
        run = [(0, *run[0][1:]), (1, *run[0][1:])]
    there = [_at(number / last, high / top) for number, _, high in run]
    back = [_at(number / last, low / top) for number, low, _ in run]
    return f"M{' L'.join([*there, *reversed(back)])} Z"


def _at(across: float, up: float) -> str:
    return f"{BOX * across:.2f},{BOX * (1 - up):.2f}"


def _rows(points: Sequence[str], series: Sequence[Series]) -> list[tuple[str, list[Any]]]:
    """Return evenly spaced points, always with the last one."""
    step = max(1, math.ceil(len(points) / MAX_ROWS))
    picked = range(len(points) - 1, -1, -step)
    return [(points[n], [each.said(n) for each in series]) for n in picked]
