"""The figures of the last run of `make bench`, a table for each bench."""

from typing import Any

from bench import results
from scripts.documents.blocks import table

_HEADER = ("what / by what", "aim", "median (quartiles)", "verdict", "made of")


def write(bench: str) -> str:
    """Return the table of one bench."""
    kept = results.load().get(bench)
    if not kept:
        return f"Not measured yet: run `make bench ARGS={bench}`."
    return table(_HEADER, [_row(each) for each in kept])


def _row(kept: dict[str, Any]) -> tuple[str, ...]:
    spread = f" ({kept['low']:.2f} to {kept['high']:.2f})" if kept["pairs"] > 1 else ""
    median = f"{kept['median']:.2f}{spread}"
    return kept["name"], kept["aim"], median, kept["verdict"], kept["detail"]
