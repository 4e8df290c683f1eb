"""The demo's data: made once by living through a month, and shown when the demo is up."""

import shutil
from collections.abc import Callable
from pathlib import Path

from psycopg import sql

from demo import cast
from demo.actors.ledger import Ledger
from demo.console import say
from demo.past.month import live_through
from demo.plan import Plan
from demo.stack import Stack

DONE = "history"  # the file that says so


def forget_half_a_month(plan: Plan) -> None:
    """Remove what a first start left behind that was stopped in the middle."""
    place = plan.state / "postgres-directory"
    if not place.exists() or (plan.state / DONE).exists():
        return
    say("The first start was stopped half-way, so it begins again.")
    for folder in (Path(place.read_text()), plan.state / "postgres", plan.mail):
        shutil.rmtree(folder, ignore_errors=True)


def seed(stack: Stack, say: Callable[[str], None]) -> None:
    """Live through the month, unless an earlier start has."""
    done = stack.plan.state / DONE
    if not done.exists():
        live_through(stack, say)
        done.touch()


def show_tenants(stack: Stack) -> None:
    """Say how far each tenant is, and how many rows its tables hold."""
    say("")
    with Ledger(stack.database_url) as ledger:
        for org in cast.ORGS:
            stage = (ledger.stage(org) or "").replace("_", " ")
            say(f"  {org.name:<20} {stage:<26} {_rows(ledger, org)}")


def _rows(ledger: Ledger, org: cast.Org) -> str:
    found = ledger.row(
        "SELECT schema_name FROM connect_connection c JOIN tenants_tenant t ON t.id = c.tenant_id"
        " WHERE t.org_id = %s AND stage = 'live'",
        org.org_id,
    )
    if found is None:
        return ""
    tables = ("account", org.field("Tweet__c").lower())
    counts = [_count(ledger, sql.Identifier(found[0], table)) for table in tables]
    counted = ", ".join(f"{n} in {table}" for table, n in zip(tables, counts, strict=True))
    return f"schema {found[0]}: {counted}"


def _count(ledger: Ledger, table: sql.Identifier) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(table)
    found = ledger.database.execute(query).fetchone()
    return int(found[0]) if found else 0
