"""`make demo`: the whole product here, with five tenants in different stages, until Ctrl-C."""

import fcntl
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from demo import cast
from demo.cast import Org
from demo.driver import PATIENCE, Emulator, Ledger, Staff, at_once, bring_to
from demo.stack import (
    ROOT,
    STAFF,
    Failed,
    Plan,
    Stack,
    Stopped,
    on_signals_raise,
    require_free,
    running,
)

WANTED = {
    cast.EMBER: "waiting_for_proof",
    cast.DUNE: "waiting_for_consent",
    cast.CIRRUS: "waiting_for_authorization",
    cast.ACME: "live",
    cast.BOREALIS: "live",
}
# Quicker than the real ones where one would only wait; links and tokens live as long as there.
BEHAVIOUR = {
    "provisioning_seconds": 2,
    "configure_seconds": 1,
    "import_lag_seconds": 1,
    "import_seconds": 1,
    "initial_seconds": 1,
    "bulk_wait_seconds": 1,
    "bulk_load_seconds": 2,
    "notify_seconds": 2,
    "db_poll_seconds": 10,
}
TELLING = """
Multiconnect is running.

  Portal          {portal}/admin/      log in as {staff} with {password}
  Subscriber      {portal}/authenticate
  Other side      {emulator}/control/    Heroku, Heroku Connect, Salesforce and X, emulated
  E-mails         {mail}/    one file each, with the subscribers' links
  Logs            {state}/    web.log, worker.log, emulator.log
  Postgres        {database}

Register an org yourself. Unsigned, it waits for proof:
  {unsigned}
Signed, it goes straight on:
  {signed}
An org that is to sign in must exist on the other side:
  {org}
Changes travel at Heroku Connect's pace; this makes it sync at once:
  curl -X POST {emulator}/control/sync

Ctrl-C stops everything. The next `make demo` goes on with the same data; `make clean` removes it.
"""


def main() -> int:
    """Run until told to stop; return the exit code."""
    on_signals_raise()
    try:
        plan = _plan()
        with _alone(plan), running(plan, say) as stack:
            _seed(stack)
            say(_telling(stack))
            while True:
                stack.check()
                time.sleep(0.5)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    except Stopped:
        say("Stopped.")
        return 0


def say(text: str) -> None:
    """Show what is being done."""
    print(text, flush=True)


def _plan() -> Plan:
    plan = Plan(
        state=ROOT / ".state" / "demo",
        portal_port=_port("DEMO_PORT", 5000),
        emulator_port=_port("DEMO_EMULATOR_PORT", 5050),
        durable=True,
    )
    require_free(plan.portal_port, "DEMO_PORT")
    require_free(plan.emulator_port, "DEMO_EMULATOR_PORT")
    return plan


def _port(variable: str, usual: int) -> int:
    try:
        port = int(os.environ.get(variable) or usual)
    except ValueError:
        port = 0
    if not 1024 <= port <= 65535:
        raise Failed(f"{variable} must be a port from 1024 to 65535.")
    return port


@contextmanager
def _alone(plan: Plan) -> Iterator[None]:
    """Refuse a second demo on the same data, and leave our number for `make clean`."""
    plan.state.mkdir(parents=True, exist_ok=True)
    with (plan.state / "pid").open("a+") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed("make demo is running already; stop it first (Ctrl-C).") from None
        mark.truncate(0)
        mark.write(str(os.getpid()))
        mark.flush()
        yield
        mark.truncate(0)


def _seed(stack: Stack) -> None:
    """Bring each tenant to its stage, through the real callout and the real pages."""
    Emulator(stack.plan.emulator_url).call("POST", "/behaviour", BEHAVIOUR)
    seeded = stack.plan.state / "seeded"
    seeded.mkdir(exist_ok=True)
    missing = [org for org in WANTED if not (seeded / org.org_id).exists()]

    def seed(org: Org) -> None:
        bring_to(stack, org, WANTED[org], say)
        (seeded / org.org_id).touch()

    if missing:
        say("Five tenants register, and their people do what they are asked for:")
        at_once(seed, missing)
    if not (seeded / "posts").exists():
        _collect_posts(stack)
        (seeded / "posts").touch()
    say("")
    with Ledger(stack.database_url) as ledger:
        for org in WANTED:
            stage = (ledger.stage(org) or "").replace("_", " ")
            say(f"  {org.name:<20} {stage:<26} {_rows(ledger, org)}")


def _collect_posts(stack: Stack) -> None:
    """Let the tenants' Accounts post on X, and staff collect it."""
    say("Companies post on X, and staff press “Collect now”")
    posts = [
        {"username": handle, "text": text, "likes": likes, "seconds_ago": 3600 - 300 * number}
        for number, (handle, text, likes) in enumerate(cast.POSTS)
    ]
    Emulator(stack.plan.emulator_url).call("POST", "/x/posts", posts)
    Staff(stack).collect_posts()
    query = "SELECT 1 FROM social_collectionrun WHERE inserted > 0"
    with Ledger(stack.database_url) as ledger:
        stack.wait_until(lambda: ledger.row(query), PATIENCE, "the posts to be collected")


def _rows(ledger: Ledger, org: Org) -> str:
    """Say how many rows a tenant's tables hold."""
    found = ledger.row(
        "SELECT schema_name FROM connect_connection c JOIN tenants_tenant t ON t.id = c.tenant_id"
        " WHERE t.org_id = %s AND stage = 'live'",
        org.org_id,
    )
    if found is None:
        return ""
    tables = ("account", "contact", org.field("Tweet__c").lower())
    counts = [_count(ledger, sql.Identifier(found[0], table)) for table in tables]
    told = ", ".join(f"{n} in {table}" for table, n in zip(tables, counts, strict=True))
    return f"schema {found[0]}: {told}"


def _count(ledger: Ledger, table: sql.Identifier) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(table)
    found = ledger.database.execute(query).fetchone()
    return int(found[0]) if found else 0


def _telling(stack: Stack) -> str:
    plan, emulator = stack.plan, stack.plan.emulator_url
    body = {"org_id": "00D000000000001EAA", "org_name": "Fjord", "admin_email": "it@fjord.example"}
    text = shlex.quote(json.dumps(body))
    post = f"curl -i {plan.portal_url}/organizations -H 'Content-Type: application/json'"
    digest = f'printf %s "$T.$B" | openssl dgst -sha256 -hmac {stack.registration_secret}'
    signed = (
        f'B={text} T=$(date +%s); {post} -H "X-Multiconnect-Timestamp: $T" '
        f'-H "X-Multiconnect-Signature: v1=$({digest} | sed \'s/.* //\')" -d "$B"'
    )
    org = {"org_id": body["org_id"], "name": body["org_name"], "admin_email": body["admin_email"]}
    return TELLING.format(
        portal=plan.portal_url,
        emulator=emulator,
        staff=STAFF,
        password=stack.password,
        mail=plan.mail,
        state=plan.state,
        database=stack.database_url,
        unsigned=f"{post} -d {text}",
        signed=signed,
        org=f"curl -X POST {emulator}/control/orgs -d {shlex.quote(json.dumps(org))}",
    )


if __name__ == "__main__":
    sys.exit(main())
