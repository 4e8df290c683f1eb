"""Five tenants in different stages, brought there through the real callout and the real pages."""

from psycopg import sql

from demo import cast
from demo.actors.emulator import Emulator
from demo.actors.ledger import Ledger
from demo.actors.staff import Staff
from demo.actors.story import at_once, bring_to
from demo.cast import Org
from demo.console import say
from demo.stack import Stack

WANTED = {
    cast.EMBER: "waiting_for_proof",
    cast.DUNE: "waiting_for_consent",
    cast.CIRRUS: "waiting_for_authorization",
    cast.ACME: "live",
    cast.BOREALIS: "live",
}


# Faster than the real systems, to avoid waiting; links and tokens are valid as long as in reality.
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


def seed_tenants(stack: Stack) -> None:
    """Bring each tenant to its stage, through the real callout and the real pages."""
    Emulator(stack.plan.emulator_url).call("POST", "/behaviour", BEHAVIOUR)
    seeded = stack.plan.state / "seeded"
    seeded.mkdir(exist_ok=True)
    missing = [org for org in WANTED if not (seeded / org.org_id).exists()]

    def seed(org: Org) -> None:
        bring_to(stack, org, WANTED[org], say)
        # Staff may move a tenant on later; the next start must not bring it back.
        (seeded / org.org_id).touch()

    if missing:
        say("Five tenants register, and their admins complete their steps:")
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
        stack.wait_until(lambda: ledger.row(query), "the posts to be collected")


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
    counted = ", ".join(f"{n} in {table}" for table, n in zip(tables, counts, strict=True))
    return f"schema {found[0]}: {counted}"


def _count(ledger: Ledger, table: sql.Identifier) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(table)
    found = ledger.database.execute(query).fetchone()
    return int(found[0]) if found else 0
