"""What a run of the benches says of an aim, and when it fails."""

from typing import Any

import pytest

from bench import harness, results
from bench.harness import Pair
from bench.ratios import Ratio, Verdict, of_pairs

NOISY = (0.9, 1.0, 1.1, 1.2, 1.9)


@pytest.mark.parametrize(
    ("values", "aim", "expected"),
    [
        (NOISY, {"most": 1.1}, Verdict.MET),
        (NOISY, {"most": 1.0}, Verdict.UNSURE),
        (NOISY, {"most": 0.95}, Verdict.MISSED),
        (NOISY, {"least": 1.1}, Verdict.MET),
        (NOISY, {"least": 1.2}, Verdict.UNSURE),
        (NOISY, {"least": 1.25}, Verdict.MISSED),
        (NOISY, {}, Verdict.NO_AIM),
        ((3.0,), {"most": 3}, Verdict.MET),
        ((3.1,), {"most": 3}, Verdict.MISSED),
    ],
)
def test_an_aim_is_missed_only_if_three_quarters_of_the_pairs_miss_it(
    values: tuple[float, ...], aim: dict[str, Any], expected: Verdict
) -> None:
    assert Ratio("a / b", values, **aim).verdict == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (None, False),
        ({"low": 0.5, "high": 0.9}, True),
        ({"low": 0.9, "high": 1.05}, False),
    ],
)
def test_a_missed_aim_fails_only_where_the_last_run_was_better(
    before: dict[str, Any] | None, expected: bool
) -> None:
    missed = Ratio("a / b", NOISY, most=0.95)
    assert results.is_slower(missed, before) is expected


def test_what_is_better_the_larger_it_is_slower_when_it_is_smaller() -> None:
    missed = Ratio("a / b", NOISY, least=1.25)
    assert results.is_slower(missed, {"low": 1.5, "high": 2})
    assert not results.is_slower(missed, {"low": 1.1, "high": 2})


def test_an_aim_that_is_met_never_fails() -> None:
    assert not results.is_slower(Ratio("a / b", NOISY, most=1.1), {"low": 0.1, "high": 0.2})


def test_both_sides_are_measured_in_turn_and_begin_in_turn() -> None:
    order: list[str] = []

    def side(name: str, seconds: float) -> float:
        order.append(name)
        return seconds

    pairs = harness.in_turn(lambda: side("ours", 3), lambda: side("other", 2), 3)
    assert order == ["ours", "other", "other", "ours", "ours", "other"]
    assert pairs == [Pair(3, 2)] * 3
    assert of_pairs("a / b", pairs).median == 1.5
