"""`make bench`: every bench, or those named; exit 0 only if each ratio holds."""

import importlib
import sys
from pathlib import Path

from bench import harness
from bench.harness import Ratio

APART = ("__init__", "__main__", "harness", "health_fleet", "fleet", "cases", "screenshots")


def main() -> int:
    """Run them and print a line for each ratio."""
    known = sorted(each.stem for each in Path(__file__).parent.glob("*.py"))
    names = sys.argv[1:] or [name for name in known if name not in APART]
    harness.set_up()  # a bench may import models at its top
    ratios: list[Ratio] = []
    for name in names:
        print(f"{name} ...", flush=True)
        for ratio in importlib.import_module(f"bench.{name}").run():
            mark = "ok    " if ratio.holds else "FAILED"
            print(f"  {mark}  {ratio.value:6.2f} (at most {ratio.target:.2f})  {ratio.name}")
            print(f"          {ratio.detail}", flush=True)
            ratios.append(ratio)
    return 0 if all(ratio.holds for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main())
