"""Charts are plain SVG: no style, no script, nothing of a title interpreted."""

from portal.dashboard import sparklines
from portal.dashboard.sparklines import Bar


def test_each_point_is_a_bar_of_its_height_and_tone() -> None:
    svg = sparklines.bars([Bar(1, "good", "a"), Bar(0.5, "bad", "b")], "Lately", height=20, step=3)
    assert svg.count("<rect") == 2
    assert 'class="bar-good" x="0" y="0" width="2" height="20"' in svg
    assert 'class="bar-bad" x="3" y="10" width="2" height="10"' in svg
    assert 'aria-label="Lately"' in svg
    assert "style" not in svg


def test_what_is_nothing_or_too_much_still_is_a_bar_within_the_chart() -> None:
    svg = sparklines.bars([Bar(0, "bad", ""), Bar(7, "good", "")], "x", height=20)
    assert 'height="2"' in svg
    assert 'y="0"' in svg


def test_titles_are_escaped() -> None:
    assert "<b>" not in sparklines.bars([Bar(1, "good", "<b>")], "<b>")


def test_no_points_make_no_chart() -> None:
    assert sparklines.bars([], "x") == "-"
