"""Charts as geometry: numbers in, coordinates out. Templates draw them as inline SVG.

Everything is in a box of 100 × 100 units that the stylesheet stretches; words stay outside of it,
in HTML, so that they keep their size on a phone. Each chart carries its rows for the table that
says the same in text.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

BOX = 100.0
MOST_ROWS = 12  # of the table beside a chart; more cannot be read


@dataclass(frozen=True)
class Series:
    """One line or layer: a name, a tone of the theme, and a value for each point."""

    label: str
    tone: str
    values: Sequence[float]


@dataclass(frozen=True)
class Layer:
    """A series as the path of an area, with its last value."""

    label: str
    tone: str
    path: str
    last: float


@dataclass(frozen=True)
class Chart:
    """`top` is the value at the upper edge; `rows` are (point, values) for the table."""

    layers: list[Layer]
    top: int
    points: list[str]
    rows: list[tuple[str, list[float]]]

    @property
    def middle(self) -> str:
        """What half of the height means; nothing where that is no whole number."""
        return str(self.top // 2) if self.top % 2 == 0 else ""

    @property
    def half_way(self) -> str:
        return self.points[len(self.points) // 2]


@dataclass(frozen=True)
class Bar:
    """A number, where it leads, and its share of the largest one, 0 to 100."""

    label: str
    value: float
    url: str
    tone: str = "busy"
    note: str = ""
    alarming: bool = False
    width: float = 0


def stacked(points: Sequence[str], series: Sequence[Series]) -> Chart:
    """Lay series on top of each other, the first at the bottom. `points` name the values."""
    top = round_up(
        max((sum(at) for at in zip(*(s.values for s in series), strict=True)), default=0)
    )
    below = [0.0] * len(points)
    layers = []
    for each in series:
        above = [low + value for low, value in zip(below, each.values, strict=True)]
        last = each.values[-1] if each.values else 0
        layers.append(Layer(each.label, each.tone, _area(below, above, top), last))
        below = above
    return Chart(layers, top, list(points), _rows(points, series))


def bars(rows: Sequence[Bar]) -> list[Bar]:
    """Make each bar as long as its share of the largest value."""
    most = max((row.value for row in rows), default=0)
    return [replace(row, width=share(row.value, most)) for row in rows]


def share(value: float, most: float) -> float:
    """Return a value's length in the box; what is more than nothing can be seen."""
    return 0 if value <= 0 or most <= 0 else max(1.0, round(BOX * value / most, 1))


def round_up(value: float) -> int:
    """Return the next number that reads well on an axis: 1, 2 or 5 times a power of ten."""
    if value <= 1:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(int(step * power) for step in (1, 2, 5, 10) if step * power >= value)


def _area(below: Sequence[float], above: Sequence[float], top: float) -> str:
    """Return an SVG path along `above` and back along `below`; one point makes a flat area."""
    if not above:
        return ""
    if len(above) == 1:
        below, above = [*below, *below], [*above, *above]
    there = [_at(number, value, len(above), top) for number, value in enumerate(above)]
    back = [_at(number, value, len(above), top) for number, value in enumerate(below)]
    return f"M{' L'.join([*there, *reversed(back)])} Z"


def _at(number: int, value: float, count: int, top: float) -> str:
    return f"{BOX * number / (count - 1):.2f},{BOX * (1 - value / top):.2f}"


def _rows(points: Sequence[str], series: Sequence[Series]) -> list[tuple[str, list[float]]]:
    """Pick evenly from the points, the last one always among them."""
    step = max(1, math.ceil(len(points) / MOST_ROWS))
    picked = range(len(points) - 1, -1, -step)
    return [(points[n], [each.values[n] for each in series]) for n in picked]
