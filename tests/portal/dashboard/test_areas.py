"""Layers over time as geometry."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.dashboard import areas
from portal.dashboard.areas import Series


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (1, 1), (1.5, 2), (3, 5), (7, 10), (11, 20), (51, 100), (4500, 5000)]
)
def test_an_axis_ends_at_a_number_that_reads_well(value: float, top: int) -> None:
    assert areas.round_up(value) == top


def test_layers_lie_on_each_other_and_the_first_at_the_bottom() -> None:
    chart = areas.stacked(
        ["10:00", "11:00"], [Series("a", "bad", [1, 2]), Series("b", "busy", [3, 3])]
    )
    assert chart.top == 5
    assert [layer.path for layer in chart.layers] == [
        "M0.00,80.00 L100.00,60.00 L100.00,100.00 L0.00,100.00 Z",
        "M0.00,20.00 L100.00,0.00 L100.00,60.00 L0.00,80.00 Z",
    ]
    assert [layer.last for layer in chart.layers] == [2, 3]


def test_columns_stand_on_each_other_and_nothing_stands_where_there_is_no_height() -> None:
    series = [Series("a", "good", [1, None, 0]), Series("b", "bad", [1, None, 2], ["x", "y", "z"])]
    chart = areas.stacked(["1", "2", "3"], series, columns=True, unit="hours")
    first, second = (layer.path for layer in chart.layers)
    assert first == "M5.00,100.00 L5.00,50.00 L28.33,50.00 L28.33,100.00 Z"
    assert second.count("M") == 2
    assert "L5.00,0.00" in second
    assert "M71.67,100.00 L71.67,0.00" in second
    assert (chart.unit, chart.rows[0]) == ("hours", ("3", [0, "z"]))


def test_the_table_says_the_same_newest_first_and_not_more_than_one_reads() -> None:
    points = [f"{n}" for n in range(97)]
    chart = areas.stacked(points, [Series("a", "bad", list(range(97)))])
    assert chart.rows[0] == ("96", [96])
    assert len(chart.rows) <= areas.MAX_ROWS
    assert all(values == [int(point)] for point, values in chart.rows)


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=100))
def test_every_coordinate_lies_in_the_box(values: list[int]) -> None:
    chart = areas.stacked([str(n) for n in range(len(values))], [Series("a", "bad", values)])
    coordinates = [float(found) for found in re.findall(r"[\d.]+", chart.layers[0].path)]
    assert all(0 <= each <= areas.BOX for each in coordinates)


def test_a_gap_parts_the_area_and_one_point_alone_can_still_be_seen() -> None:
    values = [1, 1, None, 2, None, 1]
    chart = areas.stacked([str(n) for n in range(6)], [Series("a", "bad", values)])
    pieces = chart.layers[0].path.split("Z")[:-1]
    assert len(pieces) == 3
    across = [float(found) for found in re.findall(r"([\d.]+),", pieces[1])]
    assert min(across) < 60 < max(across)
    assert chart.rows[1] == ("4", [None])


def test_the_lower_of_two_layers_of_one_tone_is_paler() -> None:
    series = [Series("a", "bad", [1, 1]), Series("b", "bad", [1, 1]), Series("c", "wait", [1, 1])]
    chart = areas.stacked(["10:00", "11:00"], series)
    assert [layer.is_pale for layer in chart.layers] == [True, False, False]
