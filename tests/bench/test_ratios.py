"""What a run of the benches says of an aim, and when it fails."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import busy, harness, results
from bench.harness import Pair
from bench.ratios import Ratio, Verdict, count, of_pairs

NOISY = (0.9, 1.0, 1.1, 1.2, 1.9)


def before(*quartiles: tuple[float, float], waited: float = 0.0) -> dict[str, Any]:
    """Return what was kept of runs with these quartiles, the newest first."""
    return {"runs": [{"low": low, "high": high, "waited": waited} for low, high in quartiles]}


def in_turn(ratios: tuple[float, ...], name: str = "a / b", **aim: Any) -> Ratio:
    """Return a figure of pairs of times with these ratios."""
    return of_pairs(name, [Pair(each, 1) for each in ratios], **aim)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of results of its own."""
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    return results.FILE


@pytest.mark.parametrize(
    ("values", "aim", "expected"),
    [
        (NOISY, {"most": 1.2}, Verdict.MET),
        (NOISY, {"most": 1.1}, Verdict.UNSURE),
        (NOISY, {"most": 1.0}, Verdict.UNSURE),
        (NOISY, {"most": 0.95}, Verdict.MISSED),
        (NOISY, {"least": 1.0}, Verdict.MET),
        (NOISY, {"least": 1.1}, Verdict.UNSURE),
        (NOISY, {"least": 1.25}, Verdict.MISSED),
        (NOISY, {}, Verdict.NO_AIM),
        ((3.0,), {"most": 3}, Verdict.MET),
        ((3.1,), {"most": 3}, Verdict.MISSED),
    ],
)
def test_an_aim_is_met_or_missed_only_if_both_quartiles_say_so(
    values: tuple[float, ...], aim: dict[str, Any], expected: Verdict
) -> None:
    assert Ratio("a / b", values, **aim).verdict == expected


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (None, False),
        (before((0.5, 0.74)), True),
        (before((0.5, 0.76)), False),
    ],
)
def test_a_missed_aim_fails_only_where_the_last_run_was_better(
    kept: dict[str, Any] | None, expected: bool
) -> None:
    missed = in_turn(NOISY, most=0.95)
    assert results.is_worse(missed, kept) is expected


def test_one_lucky_run_among_the_last_ones_makes_nothing_worse() -> None:
    missed = in_turn(NOISY, most=0.95)
    assert not results.is_worse(missed, before((0.5, 0.6), (0.9, 1.1)))
    assert results.is_worse(missed, before((0.5, 0.6), (0.6, 0.7)))


def test_what_is_counted_is_compared_with_the_last_run_alone() -> None:
    more = count("statements", 11, most=10, exact=True)
    assert results.is_worse(more, before((10, 10), (11, 11)))


def test_the_last_five_runs_are_kept(kept: Path) -> None:
    for number in range(7):
        results.keep("worker", in_turn((1.0 + number / 100,) * 2, most=1.2), 0)
    lows = [each["low"] for each in results.last("worker")["a / b"]["runs"]]
    assert lows == [1.06, 1.05, 1.04, 1.03, 1.02]


def test_what_is_better_the_larger_it_is_slower_when_it_is_smaller() -> None:
    missed = in_turn(NOISY, least=1.25)
    assert results.is_worse(missed, before((1.7, 2)))
    assert not results.is_worse(missed, before((1.5, 2)))


def test_an_aim_that_is_met_fails_only_where_the_last_run_was_twice_as_good() -> None:
    met = in_turn(NOISY, most=1.2)
    assert results.is_worse(met, before((0.1, 0.4)))
    assert not results.is_worse(met, before((0.1, 0.6)))


def test_what_is_counted_fails_where_it_misses_its_aim_and_was_better() -> None:
    missed = count("statements", 11, most=10, exact=True)
    assert results.is_worse(missed, before((10, 10)))
    assert not results.is_worse(missed, before((11, 11)))
    assert not results.is_worse(count("statements", 9, most=10, exact=True), before((1, 1)))


@pytest.mark.parametrize(
    "missed",
    [
        # Statements a minute of an idle worker, on a busy machine.
        Ratio("statements / 400", (2.40, 3.81, 18.38), most=1),
        Ratio("memory / 180 MB", (1.5,), most=1),
        of_pairs("one pair", [Pair(3, 1)], most=1),
    ],
)
def test_what_is_no_series_of_two_measured_times_is_never_slower(missed: Ratio) -> None:
    assert missed.verdict == Verdict.MISSED
    assert not results.is_worse(missed, before((0.99, 1.3)))


def test_a_run_that_stops_keeps_the_other_figures(kept: Path) -> None:
    for name in ("a / b", "c / d", "gone / f"):
        results.keep("worker", in_turn(NOISY, name), 0)
    results.keep("worker", in_turn((2.0, 2.1), "c / d"), 0)
    assert list(results.last("worker")) == ["a / b", "c / d", "gone / f"]
    assert results.last("worker")["c / d"]["median"] == 2.05
    results.drop_others("worker", ["c / d", "a / b"])
    assert list(results.last("worker")) == ["c / d", "a / b"]


def test_a_slower_figure_does_not_become_what_the_next_run_is_compared_with(kept: Path) -> None:
    results.keep("worker", in_turn((1.0, 1.1), most=1.2), 0)
    slower = in_turn((3.0, 3.1), most=1.2)
    results.keep("worker", slower, 0)
    assert results.last("worker")["a / b"]["median"] == 1.05
    assert results.is_worse(slower, results.last("worker")["a / b"])


@pytest.mark.parametrize(
    ("waited", "expected"), [(0.0, True), (0.29, True), (0.31, False), (0.9, False)]
)
def test_on_a_busier_machine_than_last_time_no_ratio_of_times_is_slower(
    waited: float, expected: bool, kept: Path
) -> None:
    results.keep("worker", in_turn((1.0, 1.1), most=1.2), 0.2)
    worse = in_turn((3.0, 3.1), most=1.2)
    assert results.is_slower(worse, results.last("worker")["a / b"], waited) is expected
    results.keep("worker", worse, waited)
    assert results.last("worker")["a / b"]["median"] == 1.05


def test_what_is_counted_is_slower_on_any_machine() -> None:
    more = count("statements", 11, most=10, exact=True)
    assert results.is_slower(more, before((10, 10)), 0.9)


@pytest.mark.parametrize("value", [912 / 100_000, 0.00095049, 1 / 3, 8_640 / 11])
def test_the_same_count_in_two_runs_is_not_worse(value: float, kept: Path) -> None:
    results.keep("placement", count("tenants a night / all", value, least=1e6, exact=True), 0)
    again = count("tenants a night / all", value, least=1e6, exact=True)
    assert not results.is_worse(again, results.last("placement")[again.name])


def test_a_process_that_waits_for_a_core_is_seen() -> None:
    if not busy.PRESSURE.exists():
        pytest.skip("this kernel does not say how long processes wait for a core")
    cores, watch = len(os.sched_getaffinity(0)), busy.Watch()
    command = [sys.executable, "-c", "import time\nwhile time.process_time() < 1: pass"]
    running = [subprocess.Popen(command) for _ in range(cores + 2)]
    assert [each.wait(60) for each in running] == [0] * len(running)
    assert watch.share() > 0.2


def test_both_sides_are_measured_in_turn_and_begin_in_turn() -> None:
    order: list[str] = []

    def side(name: str, seconds: float) -> float:
        order.append(name)
        return seconds

    pairs = harness.in_turn(lambda: side("ours", 3), lambda: side("other", 2), 3)
    assert order == ["ours", "other", "other", "ours", "ours", "other"]
    assert pairs == [Pair(3, 2)] * 3
    assert of_pairs("a / b", pairs).median == 1.5
