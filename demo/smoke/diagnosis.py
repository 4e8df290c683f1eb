"""Heroku Connect's own diagnosis of a live tenant, asked for by staff."""

from contextlib import suppress
from datetime import datetime
from typing import Any, cast

from demo.actors.ledger import Ledger
from demo.actors.staff import Staff
from demo.browser import NotOnPage
from demo.cast import Org
from demo.smoke.report import Report
from demo.stack import Stack


def ask_for_diagnosis(stack: Stack, ledger: Ledger, org: Org) -> datetime:
    """Press “Diagnose” on the tenant's page; return when.

    It is not offered while a diagnosis is under way, whose end is as good.
    """
    now = ledger.row("SELECT now()")
    with suppress(NotOnPage):
        Staff(stack).act(org, "Diagnose")
    return cast(datetime, now[0] if now else None)


def claim_diagnosis(
    stack: Stack, report: Report, ledger: Ledger, org: Org, asked: datetime
) -> None:
    """Wait for the result of a diagnosis that was asked for, print what it found, and judge it."""
    what = f"the diagnosis of {org.name}"
    found = stack.wait_until(lambda: _ended_since(ledger, org, asked), what)
    failure, findings = cast(tuple[str, list[dict[str, str]]], found)
    for each in findings:
        if each["pile"] != "passes":
            about = f"{each['about']}: " if each["about"] else ""
            print(f"          {each['pile'][:-1]}: {about}{each['message']}", flush=True)
    passed = sum(each["pile"] == "passes" for each in findings)
    errors = sum(each["pile"] == "errors" for each in findings)
    report.claim(
        not failure and passed > 0 and not errors,
        f"{org.name}: Heroku Connect's diagnosis: {failure or f'{passed} passed, {errors} errors'}",
    )


def _ended_since(ledger: Ledger, org: Org, asked: datetime) -> tuple[Any, ...] | None:
    """Return failure and findings of the org's newest diagnosis; None while it is not there."""
    return ledger.row(
        "SELECT d.error, d.findings FROM connect_diagnosis d"
        " JOIN connect_connection c ON c.id = d.connection_id"
        " JOIN tenants_tenant t ON t.id = c.tenant_id"
        # One that was under way is not started again, so its end counts and not its beginning.
        " WHERE t.org_id = %s AND d.ended_at > %s ORDER BY d.id DESC LIMIT 1",
        org.org_id,
        asked,
    )
