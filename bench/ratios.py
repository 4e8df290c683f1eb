"""A ratio with its aim: the median of pairs, the spread, and whether it holds."""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bench.harness import Pair

CLEARLY = 4 / 3  # the quartiles of two runs seldom differ by more without a reason
TWICE = 2.0  # of a figure that still meets its aim


class Verdict(StrEnum):
    """What a run says of an aim: MET or MISSED if both quartiles do so."""

    MET = "met"
    UNSURE = "within the spread"
    MISSED = "missed"
    NO_AIM = "-"


@dataclass(frozen=True)
class Ratio:
    """One figure. `name` defines it as "what / by what", `values` has one value for each pair.

    `most` or `least` is the aim, None: it has none. `detail` has what it is made of, with units.
    `in_turn`: each value is of two times that were measured one after the other. `exact`: it is
    counted, and the same in each run. Others, as a size beside its limit, depend on the machine or
    on chance.
    """

    name: str
    values: tuple[float, ...]
    most: float | None = None
    least: float | None = None
    detail: str = ""
    in_turn: bool = False
    exact: bool = False

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The quartiles: half of the values are between them."""
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    @property
    def verdict(self) -> Verdict:
        if self.most is None and self.least is None:
            return Verdict.NO_AIM
        met = [self._is_met(quartile) for quartile in self.spread]
        if all(met):
            return Verdict.MET
        return Verdict.UNSURE if any(met) else Verdict.MISSED

    def is_worse_than(self, low: float, high: float, times: float) -> bool:
        """Whether the better quartile is so many times worse than the worse one of another run."""
        if self.least is not None:
            return self.spread[1] * times < low
        return self.spread[0] > high * times

    def _is_met(self, value: float) -> bool:
        return value <= self.most if self.most is not None else value >= (self.least or 0)


def count(
    name: str,
    value: float,
    *,
    most: float | None = None,
    least: float | None = None,
    detail: str = "",
    exact: bool = False,
) -> Ratio:
    """Return a figure with one value: a count, or what was measured once."""
    return Ratio(name, (value,), most, least, detail, exact=exact)


def exponent(of: str, small: float, large: float, times: float, *, most: float) -> Ratio:
    """Return how a measure grows in a fleet that is `times` as large: 0 is not at all, 1 is evenly.

    `of` says what grows, and from which fleet to which.
    """
    found = math.log(large / small) / math.log(times)
    return count(f"growth exponent of {of}", found, most=most, detail=f"{large / small:.2f} times")


def of_pairs(
    name: str,
    pairs: Iterable[Pair],
    *,
    most: float | None = None,
    least: float | None = None,
    detail: str = "",
) -> Ratio:
    """Return the ratio of two times."""
    return Ratio(name, tuple(pair.ratio for pair in pairs), most, least, detail, in_turn=True)
