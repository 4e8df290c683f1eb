"""`make bench`: every bench, or those named; exit 1 only if something has become slower.

Or if it could not be measured. The results are kept in results.json, and docs/performance.md is
written from them.
"""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import harness, results
from bench.ratios import Ratio

FIGURES = Path(__file__).parent / "figures"


def main(names: list[str]) -> int:
    """Run each bench in its own process with its own Postgres."""
    if len(names) == 1:
        return measure(names[0])
    every = names or sorted(each.stem for each in FIGURES.glob("[!_]*.py"))
    codes = [subprocess.call([sys.executable, "-m", "bench", name]) for name in every]
    return 1 if any(codes) else 0


def measure(name: str) -> int:
    """Run one bench, print a line for each ratio, and write the document."""
    harness.set_up()  # a bench may import models at its top
    print(f"{name} ...", flush=True)
    before, ratios = results.last(name), []
    for ratio in importlib.import_module(f"bench.figures.{name}").run():
        _tell(ratio, before.get(ratio.name))
        ratios.append(ratio)
        results.keep(name, ratio)  # at once: a run that is stopped keeps what it has measured
    results.drop_others(name, [each.name for each in ratios])
    subprocess.check_call([sys.executable, "-W", "ignore", "-m", "scripts.documents"])
    return 1 if any(results.is_slower(each, before.get(each.name)) for each in ratios) else 0


def _tell(ratio: Ratio, before: dict[str, Any] | None) -> None:
    low, high = ratio.spread
    spread = f" ({low:.2f} to {high:.2f})" if len(ratio.values) > 1 else ""
    last = f", last {before['median']:.2f}" if before else ""
    verdict = "SLOWER" if results.is_slower(ratio, before) else ratio.verdict.value
    print(f"  {verdict:<17} {ratio.median:8.2f}{spread}, {results.aim(ratio)}{last}")
    print(f"      {ratio.name}")
    print(f"      {ratio.detail}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
