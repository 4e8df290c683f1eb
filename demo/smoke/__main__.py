"""`make smoke`: runs the main workflow once. Exit code 0 only if every check passes."""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from demo.actors.emulator import Emulator
from demo.actors.ledger import Ledger
from demo.actors.staff import Staff
from demo.actors.story import at_once, register, settle
from demo.actors.subscriber import Subscriber
from demo.cast import ACME, BOREALIS, CIRRUS, Org, Proof
from demo.console import say
from demo.failure import Failed, Stopped
from demo.plan import Plan
from demo.ports import free_port
from demo.signals import on_signals_raise
from demo.smoke.diagnosis import ask_for_diagnosis, claim_diagnosis
from demo.smoke.figures import ORGS, claim_figures, count_calls, print_table
from demo.smoke.report import Report
from demo.smoke.synchronization import claim_sync, schema_of
from demo.stack import Stack, running

# Heroku answers at once here; the other durations are short but above 0, so that polling is tested.
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

PATIENCE = 120.0  # seconds; the portal fetches diagnoses once a minute


def main() -> int:
    """Run it and return the exit code."""
    os.environ.pop("DATABASE_URL", None)  # always use a new Postgres
    on_signals_raise()
    state = Path(tempfile.mkdtemp(prefix="multiconnect-smoke-"))
    plan = Plan(state, free_port(), free_port(), durable=False, patience=PATIENCE)
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
    calls = {org: count_calls(emulator, ledger, org) for org in ORGS}
    say("")
    print_table(ledger, mails, calls)
    say("")
    for org in ORGS:
        claim_figures(report, org, mails[org], calls[org][0])
    # Asked for first, since the portal fetches the results once a minute.
    asked = {org: ask_for_diagnosis(stack, ledger, org) for org in (ACME, CIRRUS)}
    claim_sync(stack, report, ledger, ACME)
    claim_sync(stack, report, ledger, CIRRUS)
    _claim_offboarding(stack, report, ledger, BOREALIS)
    for org, moment in asked.items():
        claim_diagnosis(stack, report, ledger, org, moment)


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
    subscriber.authorize()
    with Ledger(stack.database_url) as ledger:
        settle(stack, ledger, org, {"live"})
    return mailed_after


def _claim_offboarding(stack: Stack, report: Report, ledger: Ledger, org: Org) -> None:
    emulator, schema = Emulator(stack.plan.emulator_url), schema_of(ledger, org)
    staff = Staff(stack)
    staff.act(org, "Off-board", schema_fate="drop", typed=org.name)
    settle(stack, ledger, org, {"grace"})
    staff.act(org, "Undo off-boarding")
    settle(stack, ledger, org, {"live"})
    report.claim(True, f"{org.name}: off-boarded by mistake, and undone")
    staff.act(org, "Off-board", schema_fate="drop", typed=org.name)
    settle(stack, ledger, org, {"grace"})
    staff.act(org, "Off-board now", typed=org.name)
    settle(stack, ledger, org, {"offboarded"})
    schemas = {each["schema_name"] for each in emulator.call("GET", "/connections")["connections"]}
    kept = ledger.row("SELECT 1 FROM pg_namespace WHERE nspname = %s", schema)
    report.claim(
        schema not in schemas and kept is None,
        f"{org.name}: off-boarded by staff; the add-on and the schema are gone",
    )


if __name__ == "__main__":
    sys.exit(main())
