"""Charts as geometry."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.dashboard import charts
from portal.dashboard.charts import Bar, Series


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (1, 1), (1.5, 2), (3, 5), (7, 10), (11, 20), (51, 100), (4500, 5000)]
)
def test_an_axis_ends_at_a_number_that_reads_well(value: float, top: int) -> None:
    assert charts.round_up(value) == top


def test_layers_lie_on_each_other_and_the_first_at_the_bottom() -> None:
    chart = charts.stacked(
        ["10:00", "11:00"], [Series("a", "bad", [1, 2]), Series("b", "busy", [3, 3])]
    )
    assert chart.top == 5
    assert [layer.path for layer in chart.layers] == [
        "M0.00,80.00 L100.00,60.00 L100.00,100.00 L0.00,100.00 Z",
        "M0.00,20.00 L100.00,0.00 L100.00,60.00 L0.00,80.00 Z",
    ]
    assert [layer.last for layer in chart.layers] == [2, 3]


def test_the_table_says_the_same_newest_first_and_not_more_than_one_reads() -> None:
    points = [f"{n}" for n in range(97)]
    chart = charts.stacked(points, [Series("a", "bad", list(range(97)))])
    assert chart.rows[0] == ("96", [96])
    assert len(chart.rows) <= charts.MOST_ROWS
    assert all(values == [int(point)] for point, values in chart.rows)


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=100))
def test_every_coordinate_lies_in_the_box(values: list[int]) -> None:
    chart = charts.stacked([str(n) for n in range(len(values))], [Series("a", "bad", values)])
    coordinates = [float(found) for found in re.findall(r"[\d.]+", chart.layers[0].path)]
    assert all(0 <= each <= charts.BOX for each in coordinates)


def test_bars_are_as_long_as_their_share_and_the_smallest_can_be_seen() -> None:
    rows = charts.bars(
        [Bar("a", 400, "/a"), Bar("b", 100, "/b"), Bar("c", 1, "/c"), Bar("d", 0, "")]
    )
    assert [row.width for row in rows] == [100, 25, 1, 0]
    assert charts.bars([]) == []
