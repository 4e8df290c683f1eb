"""`make bench`: every bench, or those named; exit 1 only if something has become slower.

Or if it could not be measured. The results are kept in results.json, and docs/performance.md is
written from them.
"""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import busy, harness, results
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
    before, watch, found = results.last(name), busy.Watch(), dict[str, bool]()
    try:
        for ratio in importlib.import_module(f"bench.figures.{name}").run():
            last, waited = before.get(ratio.name), watch.share()
            found[ratio.name] = results.is_slower(ratio, last, waited)
            _tell(ratio, last, waited)
            results.keep(name, ratio, waited)  # at once: a run that is stopped keeps its figures
        results.drop_others(name, list(found))
    finally:
        subprocess.check_call([sys.executable, "-W", "ignore", "-m", "scripts.documents"])
    return 1 if any(found.values()) else 0


def _tell(ratio: Ratio, before: dict[str, Any] | None, waited: float) -> None:
    low, high = ratio.spread
    spread = f" ({low:.2f} to {high:.2f})" if len(ratio.values) > 1 else ""
    last = f", last {before['median']:.2f}" if before else ""
    verdict = ratio.verdict.value
    if results.is_worse(ratio, before):
        verdict = "SLOWER" if results.is_slower(ratio, before, waited) else "BUSY"
    print(f"  {verdict:<17} {ratio.median:8.2f}{spread}, {results.aim(ratio)}{last}")
    print(f"      {ratio.name}")
    print(f"      {ratio.detail}")
    print(f"      a process waited for a core in {waited:.0%} of the time", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
