"""The table of `make contract`: each client and each of its commands.

A pytest plugin (`-p tests.contract.report`). Tests give it commands.Line dictionaries by
`record_property`, under "contract".
"""

from typing import Any

import pytest

HEADER = ("client", "command", "seconds", "as expected")


class _Found:
    """What the tests of this run have reported."""

    lines: list[dict[str, Any]] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the commands of a test, whether it passed or not."""
    given: dict[str, Any] = dict(report.user_properties)
    if report.when == "call":
        _Found.lines += given.get("contract", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    rows = [HEADER, *map(_row, sorted(_Found.lines, key=lambda each: str(each["client"])))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    terminalreporter.write_sep("=", "contract")
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())
    clients = {each["client"] for each in _Found.lines}
    broken = sum(not each["expected"] for each in _Found.lines)
    terminalreporter.write_line(
        f"{len(_Found.lines)} commands of {len(clients)} clients, {broken} not as expected"
    )


def _row(line: dict[str, Any]) -> tuple[str, ...]:
    mark = "yes" if line["expected"] else "NO"
    return (line["client"], line["command"], f"{line['seconds']:.1f}", mark)
