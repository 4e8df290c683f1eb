"""Bar charts: lengths, and plain SVG without style or script, nothing of a label interpreted."""

from portal.dashboard import charts
from portal.dashboard.charts import Bar


def test_rows_are_as_long_as_their_share_and_the_smallest_can_be_seen() -> None:
    chart = charts.rows(
        "All", [Bar("a", 400, "/a"), Bar("b", 100, "/b"), Bar("c", 1, "/c"), Bar("d", 0, "")]
    )
    assert [row.width for row in chart.bars] == [100, 25, 1, 0]
    assert charts.rows("None", []).bars == []


def test_a_row_shows_its_label_its_number_and_its_link() -> None:
    html = charts.rows("All", [Bar("a", 400, "/a?b=1", "bad", "2 blocked")]).render()
    assert 'href="/a?b=1"' in html
    assert '<strong class="bar-value">400</strong>' in html
    assert '<span class="bar-note">2 blocked</span>' in html
    assert "3 writes" in charts.rows("All", [Bar("a", 3, shown="3 writes")]).render()


def test_a_large_number_is_shown_in_full() -> None:
    assert ">1234567<" in charts.rows("All", [Bar("a", 1_234_567)]).render()


def test_each_column_has_its_height_and_tone() -> None:
    svg = charts.columns("Lately", [Bar("a", 1, tone="good"), Bar("b", 0.5, tone="bad")]).render()
    assert svg.count("<rect") == 2
    assert 'class="fill-good" x="0" y="0" width="2" height="20"' in svg
    assert 'class="fill-bad" x="3" y="10" width="2" height="10"' in svg
    assert 'aria-label="Lately"' in svg
    assert "style" not in svg


def test_what_is_nothing_or_too_much_still_is_a_column_within_the_chart() -> None:
    svg = charts.columns("x", [Bar("", 0), Bar("", 7)], top=1).render()
    assert 'height="2"' in svg
    assert 'y="0"' in svg


def test_room_is_left_for_columns_that_are_missing_and_the_newest_stands_at_the_right() -> None:
    chart = charts.columns("x", [Bar("a", 1), Bar("b", 1)], slots=10)
    assert (chart.width, [x for x, _ in chart.columns]) == (30, [24, 27])


def test_labels_are_escaped() -> None:
    hostile = [Bar("<b>", 1)]
    assert "<b>" not in charts.columns("<b>", hostile).render()
    assert "<b>" not in charts.rows("<b>", hostile).render()


def test_no_bars_make_no_chart() -> None:
    assert charts.columns("x", []).render() == "-"
