"""Log lines that machines can read: one a record, with tenant, stage and request id."""

import logging
import subprocess
import sys

import pytest
from django.conf import settings

from connect.clients import http
from portal.project.logfmt import LogfmtFormatter, RefusedFilter, WorkFilter, quoted
from portal.project.request_ids import RequestIdFilter
from tenants.redaction import RedactionFilter


def line(message: str, **more: object) -> str:
    record = logging.LogRecord("connect.x", logging.INFO, "x.py", 1, message, (), None)
    record.__dict__.update(more)
    for each in (RequestIdFilter(), WorkFilter(), RedactionFilter()):
        each.filter(record)
    return LogfmtFormatter().format(record)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain-1.2:3", "plain-1.2:3"),
        ("two words", '"two words"'),
        ("", '""'),
        ('say "no"', '"say \\"no\\""'),
        ("a=b", '"a=b"'),
        ("two\nlines", '"two\\nlines"'),
        ("back\\slash", '"back\\\\slash"'),
    ],
)
def test_values_are_quoted_only_where_they_must_be(value: str, written: str) -> None:
    assert quoted(value) == written


def test_a_line_names_the_tenant_and_the_current_stage() -> None:
    tenant = http.current_tenant.set("00DB00000002NDmMAM")
    stage = http.current_stage.set("linking")
    try:
        written = line("two words")
    finally:
        http.current_stage.reset(stage)
        http.current_tenant.reset(tenant)
    assert written == (
        "at=INFO logger=connect.x request_id=- tenant=00DB00000002NDmMAM stage=linking "
        'msg="two words"'
    )


def test_a_traceback_stays_on_the_same_line_and_keeps_no_secret() -> None:
    try:
        int("refresh_token=5Aep861secret")
    except ValueError:
        written = line("failed", exc_info=sys.exc_info())
    assert "\n" not in written
    assert "ValueError" in written
    assert "5Aep861" not in written


@pytest.mark.parametrize(("logger", "is_short"), [("django.security.X", True), ("x", False)])
def test_what_django_refuses_leaves_no_traceback(logger: str, is_short: bool) -> None:
    error = ValueError("junk")
    raised = (ValueError, error, error.__traceback__)
    record = logging.LogRecord(logger, logging.ERROR, "x.py", 1, "said", (), raised)
    RefusedFilter().filter(record)
    RedactionFilter().filter(record)
    assert ("trace=" not in LogfmtFormatter().format(record)) == is_short


def test_the_log_is_kept_out_of_what_a_command_says() -> None:
    code = "import logging; logging.warning('logged'); print('said')"
    ran = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-v", "0", "-c", code],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout, "msg=logged" in ran.stderr) == ("said\n", True)
