"""The results of the last runs, kept in results.json: to compare with, and for the document."""

import json
from pathlib import Path
from typing import Any

from bench.ratios import CLEARLY, TWICE, Ratio, Verdict

FILE = Path(__file__).with_name("results.json")
BUSIER = 0.1  # of the time, in which a process waited for a core
RUNS = 5  # that are kept of a figure: one of them alone may be lucky
DIGITS, ROUNDED = 4, 1.001  # that a kept value has, and what rounding may change
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
        run = _run(ratio, waited)
        runs = [run, *_runs(kept.get(ratio.name, {}))][:RUNS]
        _write(bench, {**kept, ratio.name: {**_kept(ratio, run), "runs": runs}})


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
    """Whether a figure is worse on a machine that was not busier than in the last runs.

    On a busier one, what works in several processes waits longer for a core than what works in one.
    """
    if before is None or not is_worse(ratio, before):
        return False
    return ratio.exact or waited <= max(each["waited"] for each in _runs(before)) + BUSIER


def is_worse(ratio: Ratio, before: dict[str, Any] | None) -> bool:
    """Whether a figure misses its aim, and did better in each of the last runs; or is twice as bad.

    The document says why an aim is missed that was missed before. A busy machine changes what is
    neither exact nor the ratio of two times, and a single pair: these are never worse.
    """
    if before is None:
        return False
    has_missed, runs = ratio.verdict == Verdict.MISSED, _runs(before)
    if ratio.exact:
        return has_missed and ratio.is_worse_than(runs[0]["low"], runs[0]["high"], ROUNDED)
    if not ratio.in_turn or len(ratio.values) < 2:
        return False
    times = CLEARLY if has_missed else TWICE
    return all(ratio.is_worse_than(each["low"], each["high"], times) for each in runs)


def _runs(kept: dict[str, Any]) -> list[dict[str, float]]:
    """Return the last runs of a figure, the newest first."""
    found: list[dict[str, float]] = kept.get("runs", [])
    return found


def _run(ratio: Ratio, waited: float) -> dict[str, float]:
    low, high = ratio.spread
    return {"low": _rounded(low), "high": _rounded(high), "waited": round(waited, 2)}


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _kept(ratio: Ratio, run: dict[str, float]) -> dict[str, Any]:
    return {
        "name": ratio.name,
        "aim": aim(ratio),
        "median": _rounded(ratio.median),
        "low": run["low"],
        "high": run["high"],
        "pairs": len(ratio.values),
        "verdict": ratio.verdict.value,
        "detail": ratio.detail,
    }


def aim(ratio: Ratio) -> str:
    """Return the aim as text."""
    if ratio.most is not None:
        return f"at most {ratio.most:g}"
    return f"at least {ratio.least:g}" if ratio.least is not None else "-"
