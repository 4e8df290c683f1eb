"""`make smoke`: the main job once, headless, from nothing. Exit 0 only if all of it is true."""

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import sql

from demo.cast import ACME, BOREALIS, CIRRUS, Org, Proof
from demo.driver import (
    PATIENCE,
    Emulator,
    Ledger,
    Staff,
    Subscriber,
    at_once,
    register,
    settle,
)
from demo.stack import Failed, Plan, Stack, Stopped, free_port, on_signals_raise, running

ORGS = (ACME, BOREALIS, CIRRUS)
MOST_CALLS = 6  # to Heroku and Heroku Connect before `loading`, polls aside
MAIL_SECONDS = 10.0
# Heroku answers at once here; the other durations are short and not nothing, so that polls happen.
BEHAVIOUR = {
    "provisioning_seconds": 0,
    "configure_seconds": 0.5,
    "import_lag_seconds": 0.5,
    "import_seconds": 0.5,
    "initial_seconds": 0.5,
    "bulk_wait_seconds": 0.5,
    "bulk_load_seconds": 1,
    "notify_seconds": 0.5,
    "db_poll_seconds": 2,
}


@dataclass
class Report:
    """The claims, and whether each held."""

    lines: list[tuple[bool, str]] = field(default_factory=list)

    def claim(self, holds: bool, text: str) -> None:
        """Note a claim and show it at once."""
        self.lines.append((holds, text))
        print(f"  {'ok    ' if holds else 'FAILED'}  {text}", flush=True)

    @property
    def all_true(self) -> bool:
        return all(holds for holds, _ in self.lines)


def main() -> int:
    """Run it and return the exit code."""
    os.environ.pop("DATABASE_URL", None)  # from nothing means a Postgres of its own
    on_signals_raise()
    state = Path(tempfile.mkdtemp(prefix="multiconnect-smoke-"))
    plan = Plan(state, free_port(), free_port(), durable=False)
    begun = time.monotonic()
    report = Report()
    try:
        with running(plan, say) as stack:
            took = time.monotonic() - begun
            say(f"Ready after {took:.1f} s, PostgreSQL {stack.postgres_version}.")
            _run(stack, report)
    except Failed as failed:
        report.claim(False, str(failed))
    except Stopped:
        return 130
    say(f"\n{time.monotonic() - begun:.0f} s. {'All' if report.all_true else 'NOT all'} is true.")
    if not report.all_true:
        say(f"The logs are in {state}.")
        return 1
    shutil.rmtree(state, ignore_errors=True)
    return 0


def say(text: str) -> None:
    """Show what is being done."""
    print(text, flush=True)


def _run(stack: Stack, report: Report) -> None:
    emulator = Emulator(stack.plan.emulator_url)
    emulator.call("POST", "/behaviour", BEHAVIOUR)
    say("\nThree orgs, from callout to live:")
    waited = at_once(lambda org: _journey(stack, org), ORGS)
    mails = dict(zip(ORGS, waited, strict=True))
    with Ledger(stack.database_url) as ledger:
        _judge(stack, emulator, report, ledger, mails)


def _judge(
    stack: Stack, emulator: Emulator, report: Report, ledger: Ledger, mails: dict[Org, float]
) -> None:
    for org in ORGS:
        report.claim(ledger.stage(org) == "live", f"{org.name}: live, proof: {org.proof.lower()}")
    calls = {org: _calls(emulator, ledger, org) for org in ORGS}
    say("")
    _print_table(ledger, mails, calls)
    say("")
    for org in ORGS:
        _claim_figures(report, org, mails[org], calls[org][0])
    _claim_sync(stack, report, ledger, ACME)
    _claim_sync(stack, report, ledger, CIRRUS)
    _claim_offboarding(stack, report, ledger, BOREALIS)


# --- the journeys --------------------------------------------------------------------------------


def _journey(stack: Stack, org: Org) -> float:
    """Bring one org from nothing to live; return the seconds from callout to the first mail."""
    subscriber = Subscriber(org, stack)
    Emulator(stack.plan.emulator_url).ensure_org(org)
    begun = time.monotonic()
    register(stack, org)
    subscriber.mailed_link("/authenticate/")
    mailed_after = time.monotonic() - begun
    if org.proof == Proof.STAFF:
        Staff(stack).act(org, "Approve")
    subscriber.sign_in()
    subscriber.mailed_link("/connect/")
    subscriber.authorize()
    with Ledger(stack.database_url) as ledger:
        settle(stack, ledger, org, {"live"})
    return mailed_after


def _claim_figures(report: Report, org: Org, mailed_after: float, calls: int) -> None:
    report.claim(
        mailed_after < MAIL_SECONDS,
        f"{org.name}: “please sign in” after {mailed_after:.1f} s (at most {MAIL_SECONDS:.0f})",
    )
    report.claim(
        calls <= MOST_CALLS,
        f"{org.name}: {calls} calls to Heroku and Heroku Connect before loading"
        f" (at most {MOST_CALLS}, polls aside)",
    )


def _calls(emulator: Emulator, ledger: Ledger, org: Org) -> tuple[int, int]:
    """Count a tenant's calls before `loading`, and beside them its polls.

    Each write counts, and one read: the one that showed what was authorized. The other reads ask
    whether something is done yet. The paths of two writes name no tenant, so those are shared out.
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
    shared = [each for each in log if re.search(r"/addons$|/central/auth/", each["path"])]
    shared = [each for each in shared if each["method"] == "POST"]
    writes = [each for each in own if each["method"] != "GET"]
    reads = len(own) - len(writes)
    return len(writes) + -(-len(shared) // len(ORGS)) + min(reads, 1), max(reads - 1, 0)


def _print_table(
    ledger: Ledger, mails: dict[Org, float], calls: dict[Org, tuple[int, int]]
) -> None:
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


# --- data both ways ------------------------------------------------------------------------------


def _claim_sync(stack: Stack, report: Report, ledger: Ledger, org: Org) -> None:
    emulator = Emulator(stack.plan.emulator_url)
    schema = _schema(ledger, org)
    account = emulator.records(org, "Account")[0]
    path = f"/orgs/{org.org_id}/records/Account/{account['Id']}"
    emulator.call("PATCH", path, {"Name": "Renamed in the org"})
    renamed = sql.SQL("SELECT 1 FROM {} WHERE sfid = %s AND name = %s").format(
        sql.Identifier(schema, "account")
    )
    report.claim(
        _comes_true(
            emulator,
            lambda: _one(ledger, renamed, account["Id"], "Renamed in the org"),
        ),
        f"{org.name}: an Account renamed in the org is renamed in Postgres ({schema}.account)",
    )
    row = _insert_post(ledger, schema, org, account["Id"])
    table = sql.Identifier(schema, org.field("tweet__c").lower())
    has_id = sql.SQL("SELECT sfid FROM {} WHERE id = %s AND sfid IS NOT NULL").format(table)
    arrived = _comes_true(emulator, lambda: _one(ledger, has_id, row))
    found = _one(ledger, has_id, row)
    there = {each["Id"] for each in emulator.records(org, org.field("Tweet__c"))}
    report.claim(
        bool(arrived and found and found[0] in there),
        f"{org.name}: a row inserted in Postgres is in the org, with its sfid in the row",
    )


def _insert_post(ledger: Ledger, schema: str, org: Org, account_id: str) -> Any:
    values = {
        "Account__c": account_id,
        "Author_Username__c": "multiconnect",
        "Body__c": f"Written to Postgres for {org.org_id}",
        "Likes__c": 3,
    }
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(schema, org.field("tweet__c").lower()),
        sql.SQL(", ").join(sql.Identifier(org.field(name).lower()) for name in values),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    found = ledger.database.execute(query, list(values.values())).fetchone()
    return found[0] if found else None


def _comes_true(emulator: Emulator, is_true: Callable[[], Any]) -> bool:
    """Let Heroku Connect sync until something is true, for a while."""
    end = time.monotonic() + PATIENCE / 2
    while time.monotonic() < end:
        emulator.call("POST", "/sync")
        if is_true():
            return True
        time.sleep(0.1)
    return False


def _one(ledger: Ledger, query: sql.Composed, *values: Any) -> tuple[Any, ...] | None:
    return ledger.database.execute(query, values).fetchone()


def _schema(ledger: Ledger, org: Org) -> str:
    found = ledger.row(
        "SELECT schema_name FROM connect_connection c JOIN tenants_tenant t ON t.id = c.tenant_id"
        " WHERE t.org_id = %s ORDER BY c.id DESC",
        org.org_id,
    )
    return str(found[0]) if found else ""


# --- the end of a tenant -------------------------------------------------------------------------


def _claim_offboarding(stack: Stack, report: Report, ledger: Ledger, org: Org) -> None:
    emulator, schema = Emulator(stack.plan.emulator_url), _schema(ledger, org)
    Staff(stack).act(org, "Off-board", schema_fate="drop", typed=org.name)
    settle(stack, ledger, org, {"offboarded"})
    schemas = {each["schema_name"] for each in emulator.call("GET", "/connections")["connections"]}
    kept = ledger.row("SELECT 1 FROM pg_namespace WHERE nspname = %s", schema)
    report.claim(
        schema not in schemas and kept is None,
        f"{org.name}: off-boarded by staff; the add-on and the schema are gone",
    )


if __name__ == "__main__":
    sys.exit(main())
