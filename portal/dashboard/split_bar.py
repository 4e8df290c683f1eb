"""One bar with a part for each result: done, skipped, failed; the ground is what is still to do.

The same figures stand beside it as text. Drawn by admin/charts/split_bar.html.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.template.loader import render_to_string

from connect.formats import count_words

TEMPLATE = "admin/charts/split_bar.html"
FULL = 100.0  # the length of the whole bar
MIN_WIDTH = 1.0  # a single failure among thousands can be seen


@dataclass(frozen=True)
class Part:
    """One result: its word, how many have it, and its place in the bar."""

    word: str
    count: int
    tone: str
    start: float
    width: float


@dataclass(frozen=True)
class SplitBar:
    """How far something for `total` is. `tones` has a tone of the theme for each result's word."""

    label: str
    ended: Mapping[str, int]
    total: int
    tones: Mapping[str, str]

    @property
    def as_text(self) -> str:
        return count_words(self.ended, self.total)

    @property
    def parts(self) -> Iterator[Part]:
        """Each result that there is, in order."""
        shown = {word: count for word, count in self.ended.items() if count}
        widths = [max(MIN_WIDTH, FULL * count / self.total) for count in shown.values()]
        # The smallest parts are drawn wider than they are, which must not pass the end.
        scale = FULL / max(FULL, sum(widths))
        start = 0.0
        for (word, count), width in zip(shown.items(), widths, strict=True):
            yield Part(word, count, self.tones[word], round(start, 2), round(width * scale, 2))
            start += width * scale

    def render(self) -> str:
        """Return the bar and its words as HTML for a cell of a table."""
        return render_to_string(TEMPLATE, {"bar": self})
