"""What a tenant's way to live took: seconds for each stage, calls and polls."""

import re
from datetime import datetime

from demo.actors.emulator import Emulator
from demo.actors.ledger import Ledger
from demo.cast import ACME, BOREALIS, CIRRUS, Org
from demo.smoke.report import Report

ORGS = (ACME, BOREALIS, CIRRUS)


MAX_CALLS = 6  # to Heroku and Heroku Connect before `loading`, polls aside


MAIL_SECONDS = 10.0


def claim_figures(report: Report, org: Org, mailed_after: float, calls: int) -> None:
    report.claim(
        mailed_after < MAIL_SECONDS,
        f"{org.name}: “please sign in” after {mailed_after:.1f} s (at most {MAIL_SECONDS:.0f})",
    )
    report.claim(
        calls <= MAX_CALLS,
        f"{org.name}: {calls} calls to Heroku and Heroku Connect before loading"
        f" (at most {MAX_CALLS}, polls aside)",
    )


def count_calls(emulator: Emulator, ledger: Ledger, org: Org) -> tuple[int, int]:
    """Count a tenant's calls before `loading`, and beside them its polls.

    Each write counts, and one read: the one that shows the authorization. Other reads are polls.
    Two writes have no tenant in their path; they are divided among the tenants.
    """
    found = ledger.row(
        "SELECT c.addon_name, c.connection_id, e.at FROM connect_connection c"
        " JOIN tenants_tenant t ON t.id = c.tenant_id JOIN tenants_event e ON e.tenant_id = t.id"
        " WHERE t.org_id = %s AND e.data->>'stage' = 'loading'",
        org.org_id,
    )
    if found is None:
        return 0, 0
    addon, connection, loading_at = found
    log = emulator.call("GET", "/calls")["calls"]
    log = [each for each in log if each["system"] in ("heroku", "central", "region")]
    own = [
        each
        for each in log
        if (addon in each["path"] or connection in each["path"])
        and datetime.fromisoformat(each["at"]) < loading_at
    ]
    # To make an add-on and to link the app: neither path names the tenant.
    shared = [each for each in log if re.search(r"/addons$|/central/auth/", each["path"])]
    shared = [each for each in shared if each["method"] == "POST"]
    writes = [each for each in own if each["method"] != "GET"]
    reads = len(own) - len(writes)
    return len(writes) + -(-len(shared) // len(ORGS)) + min(reads, 1), max(reads - 1, 0)


def print_table(ledger: Ledger, mails: dict[Org, float], calls: dict[Org, tuple[int, int]]) -> None:
    times = {org: _stages(ledger, org) for org in ORGS}
    stages = list(dict.fromkeys(stage for org in ORGS for stage in times[org]))
    row = "  {:<28}" + "{:>20}" * len(ORGS)
    print(row.format("seconds after the callout", *(org.name for org in ORGS)))
    for stage in stages:
        cells = (f"{times[org][stage]:.1f}" if stage in times[org] else "-" for org in ORGS)
        print(row.format(stage, *cells))
    print(row.format("first mail after", *(f"{mails[org]:.1f}" for org in ORGS)))
    print(row.format("calls before loading", *(str(calls[org][0]) for org in ORGS)))
    print(row.format("polls before loading", *(str(calls[org][1]) for org in ORGS)), flush=True)


def _stages(ledger: Ledger, org: Org) -> dict[str, float]:
    """Return when each stage began, in seconds after the registration."""
    rows = ledger.database.execute(
        "SELECT e.data->>'stage', extract(epoch FROM e.at - t.registered_at) FROM tenants_event e"
        " JOIN tenants_tenant t ON t.id = e.tenant_id"
        " WHERE t.org_id = %s AND e.data ? 'stage' ORDER BY e.at",
        [org.org_id],
    )
    return {stage: float(seconds) for stage, seconds in rows}
