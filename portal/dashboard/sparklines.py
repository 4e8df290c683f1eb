"""Charts as inline SVG: shapes with classes, coloured by the stylesheet, readable without it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join

HEIGHT = 20  # pixels of a sparkline
STEP = 3  # pixels a bar, the gap among them


@dataclass(frozen=True)
class Bar:
    """One bar: how full it is (0 to 1), the tone of its colour, and its tooltip."""

    share: float
    tone: str
    title: str


def bars(points: Sequence[Bar], label: str, *, height: int = HEIGHT, step: int = STEP) -> str:
    """Return a row of bars; `label` says in words what they show."""
    if not points:
        return "-"
    shapes = format_html_join(
        "",
        '<rect class="bar-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
        (_rect(index, point, height, step) for index, point in enumerate(points)),
    )
    width = len(points) * step
    return format_html(
        '<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}" '
        'preserveAspectRatio="none">{}</svg>',
        *(label, width, height, width, height, shapes),
    )


def _rect(index: int, point: Bar, height: int, step: int) -> tuple[object, ...]:
    # A bar of nothing still shows that something was measured.
    tall = max(2, round(height * min(max(point.share, 0), 1)))
    return point.tone, index * step, height - tall, step - 1, tall, point.title
