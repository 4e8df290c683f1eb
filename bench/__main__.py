"""`make bench`: every bench, or those named; exit 0 only if each ratio holds."""

import importlib
import subprocess
import sys
from pathlib import Path

from bench import harness

APART = ("__init__", "__main__", "harness", "health_fleet", "screenshots")


def main(names: list[str]) -> int:
    """Run each bench in its own process with its own Postgres."""
    if len(names) == 1:
        return measure(names[0])
    known = sorted(each.stem for each in Path(__file__).parent.glob("*.py"))
    every = names or [name for name in known if name not in APART]
    codes = [subprocess.call([sys.executable, "-m", "bench", name]) for name in every]
    return 1 if any(codes) else 0


def measure(name: str) -> int:
    """Run one bench, and print a line for each ratio."""
    harness.set_up()  # a bench may import models at its top
    print(f"{name} ...", flush=True)
    ratios = []
    for ratio in importlib.import_module(f"bench.{name}").run():
        mark = "ok    " if ratio.holds else "FAILED"
        print(f"  {mark}  {ratio.value:6.2f} (at most {ratio.target:.2f})  {ratio.name}")
        print(f"          {ratio.detail}", flush=True)
        ratios.append(ratio)
    return 0 if all(ratio.holds for ratio in ratios) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
