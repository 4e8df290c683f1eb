"""The report of `make chaos`: printed, and written to .state/chaos.md.

A pytest plugin (`-p tests.chaos.report`). Tests give it lines by `record_property`: "chaos" is a
list of promises.Line as dictionaries, "facts" a sentence, "matrix" a pair of a call and a fault.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

PLACE = Path(".state") / "chaos.md"


class _Found:
    """What the tests of this run have reported."""

    lines: list[dict[str, Any]] = []
    facts: list[str] = []
    matrix: dict[str, list[tuple[str, bool]]] = defaultdict(list)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect what a test has recorded, whether it passed or not."""
    given: dict[str, Any] = dict(report.user_properties)
    if report.failed and not {"chaos", "matrix"} & set(given):
        _Found.lines.append(_line(report.nodeid, "its test", f"failed at its {report.when}", False))
    if report.when != "call":
        return
    _Found.lines += given.get("chaos", [])
    _Found.facts += [given["facts"]] if "facts" in given else []
    if "matrix" in given:
        call, fault = given["matrix"]
        _Found.matrix[call].append((fault, report.passed))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print and write the report."""
    text = _text()
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(text)
    terminalreporter.write_sep("=", "chaos")
    terminalreporter.write_line(text)


def _line(part: str, promise: str, found: str, holds: bool) -> dict[str, Any]:
    return {"part": part, "promise": promise, "found": found, "holds": holds}


def _text() -> str:
    parts = ["# What `make chaos` found", *_Found.facts, _promises(), _matrix()]
    return "\n\n".join(part for part in parts if part) + "\n"


def _promises() -> str:
    rows = [
        [each["part"], each["promise"], each["found"], _mark(each["holds"])]
        for each in _Found.lines
    ]
    return _table(["part", "promise", "found", "holds"], rows)


def _matrix() -> str:
    rows = []
    for call, cells in _Found.matrix.items():
        lost = [fault for fault, survived in cells if not survived]
        rows.append([call, f"{len(cells) - len(lost)} / {len(cells)}", ", ".join(lost) or "-"])
    survived = sum(survived for cells in _Found.matrix.values() for _, survived in cells)
    tried = sum(map(len, _Found.matrix.values()))
    rows.append(["all", f"{survived} / {tried}", "-" if survived == tried else "see above"])
    return _table(["call", "survived / tried", "not survived"], rows) if tried else ""


def _mark(holds: bool) -> str:
    return "yes" if holds else "NO"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) if rows else ""
