"""Data travels both ways: from the org to Postgres, and back."""

import time
from collections.abc import Callable
from typing import Any

from psycopg import sql

from demo.actors.emulator import Emulator
from demo.actors.ledger import Ledger
from demo.cast import Org
from demo.smoke.report import Report
from demo.stack import Stack


def claim_sync(stack: Stack, report: Report, ledger: Ledger, org: Org) -> None:
    emulator = Emulator(stack.plan.emulator_url)
    schema = schema_of(ledger, org)
    account = emulator.records(org, "Account")[0]
    path = f"/orgs/{org.org_id}/records/Account/{account['Id']}"
    emulator.call("PATCH", path, {"Name": "Renamed in the org"})
    renamed = sql.SQL("SELECT 1 FROM {} WHERE sfid = %s AND name = %s").format(
        sql.Identifier(schema, "account")
    )
    report.claim(
        _comes_true(
            stack,
            lambda: _one(ledger, renamed, account["Id"], "Renamed in the org"),
        ),
        f"{org.name}: an Account renamed in the org is renamed in Postgres ({schema}.account)",
    )
    row = _insert_post(ledger, schema, org, account["Id"])
    table = sql.Identifier(schema, org.field("tweet__c").lower())
    has_id = sql.SQL("SELECT sfid FROM {} WHERE id = %s AND sfid IS NOT NULL").format(table)
    arrived = _comes_true(stack, lambda: _one(ledger, has_id, row))
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
        "Tweet_Id__c": "1",
    }
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(schema, org.field("tweet__c").lower()),
        sql.SQL(", ").join(sql.Identifier(org.field(name).lower()) for name in values),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    found = ledger.database.execute(query, list(values.values())).fetchone()
    return found[0] if found else None


def _comes_true(stack: Stack, is_true: Callable[[], Any]) -> bool:
    """Sync repeatedly until the condition is true or the time is over."""
    emulator = Emulator(stack.plan.emulator_url)
    end = time.monotonic() + stack.plan.patience / 2
    while time.monotonic() < end:
        emulator.call("POST", "/sync")
        if is_true():
            return True
        time.sleep(0.1)
    return False


def _one(ledger: Ledger, query: sql.Composed, *values: Any) -> tuple[Any, ...] | None:
    return ledger.database.execute(query, values).fetchone()


def schema_of(ledger: Ledger, org: Org) -> str:
    found = ledger.row(
        "SELECT schema_name FROM connect_connection c JOIN tenants_tenant t ON t.id = c.tenant_id"
        " WHERE t.org_id = %s ORDER BY c.id DESC",
        org.org_id,
    )
    return str(found[0]) if found else ""
