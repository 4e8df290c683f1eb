"""`make bench`: every bench of this folder, as a table of ratios; exit code 1 if one is missed.

`make bench ARGS=portal` runs one. Each is a module with `run() -> list[Ratio]`.
"""

import importlib
import sys

from bench import harness
from bench.harness import Ratio

BENCHES = ("portal",)


def main(wanted: list[str]) -> int:
    """Run the benches that are named, or all; return the exit code."""
    harness.set_up()
    ratios = [ratio for name in wanted or BENCHES for ratio in _run(name)]
    return 0 if all(ratio.holds for ratio in ratios) else 1


def _run(name: str) -> list[Ratio]:
    print(f"{name}", flush=True)
    ratios: list[Ratio] = importlib.import_module(f"bench.{name}").run()
    for ratio in ratios:
        mark = "ok  " if ratio.holds else "MISS"
        print(f"  {mark} {ratio.value:8.2f} (<= {ratio.target:g})  {ratio.name}  {ratio.detail}")
    return ratios


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
