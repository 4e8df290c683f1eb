"""The results of the last runs, kept in results.json: to compare with, and for the document."""

import json
from pathlib import Path
from typing import Any

from bench.ratios import CLEARLY, TWICE, Ratio, Verdict

FILE = Path(__file__).with_name("results.json")
BUSIER = 0.1  # of the time, in which a process waited for a core
ROUNDED = 1.001  # the kept values have three decimals
Results = dict[str, list[dict[str, Any]]]  # by bench


def load() -> Results:
    """Return the kept results; none before the first run."""
    kept: Results = json.loads(FILE.read_text()) if FILE.exists() else {}
    return kept


def keep(bench: str, ratio: Ratio, waited: float) -> None:
    """Keep a figure in the place of its last one, unless it has become worse.

    `waited`: the share of its time in which a process waited for a core.
    """
    kept = last(bench)
    if not is_worse(ratio, kept.get(ratio.name)):
        _write(bench, {**kept, ratio.name: _kept(ratio, waited)})


def drop_others(bench: str, names: list[str]) -> None:
    """Forget the figures that a bench does not measure any more."""
    kept = last(bench)
    _write(bench, {name: kept[name] for name in names if name in kept})


def _write(bench: str, figures: dict[str, dict[str, Any]]) -> None:
    found = {**load(), bench: list(figures.values())}
    FILE.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def last(bench: str) -> dict[str, dict[str, Any]]:
    """Return the figures of the last run, by name."""
    return {each["name"]: each for each in load().get(bench, [])}


def is_slower(ratio: Ratio, before: dict[str, Any] | None, waited: float) -> bool:
    """Whether a figure is worse on a machine that was not busier than last time.

    On a busier one, what works in several processes waits longer for a core than what works in one.
    """
    if before is None or not is_worse(ratio, before):
        return False
    return ratio.exact or waited <= before.get("waited", 0.0) + BUSIER


def is_worse(ratio: Ratio, before: dict[str, Any] | None) -> bool:
    """Whether a figure misses its aim, and did better in the last run; or is twice as bad.

    The document says why an aim is missed that was missed before. A busy machine changes what is
    neither exact nor the ratio of two times, and a single pair: these are never worse.
    """
    if before is None:
        return False
    has_missed, last = ratio.verdict == Verdict.MISSED, (before["low"], before["high"])
    if ratio.exact:
        return has_missed and ratio.is_worse_than(*last, ROUNDED)
    if not ratio.in_turn or len(ratio.values) < 2:
        return False
    return ratio.is_worse_than(*last, CLEARLY if has_missed else TWICE)


def _kept(ratio: Ratio, waited: float) -> dict[str, Any]:
    low, high = ratio.spread
    return {
        "name": ratio.name,
        "aim": aim(ratio),
        "median": round(ratio.median, 3),
        "low": round(low, 3),
        "high": round(high, 3),
        "pairs": len(ratio.values),
        "waited": round(waited, 2),
        "verdict": ratio.verdict.value,
        "detail": ratio.detail,
    }


def aim(ratio: Ratio) -> str:
    """Return the aim as text."""
    if ratio.most is not None:
        return f"at most {ratio.most:g}"
    return f"at least {ratio.least:g}" if ratio.least is not None else "-"
