"""The acts of the last month, each by the people and programs who would do it."""

import json
from typing import Any
from urllib.parse import urljoin

import requests
from psycopg import sql

from demo import cast
from demo.actors.ledger import Ledger
from demo.actors.staff import Staff
from demo.actors.story import at_once, bring_to, register
from demo.cast import Org
from demo.environment import HEROKU_TOKEN
from demo.past.machine import HOUR, MINUTE, Machine

LIVE = (cast.ACME, cast.BOREALIS, cast.GLACIER, cast.HARBOR, cast.INDIGO)


def set_up(past: Machine) -> None:
    """Set back when the mapping versions and the host app were made: before time was moved."""
    for table in ("connect_mappingtemplate", "connect_hostapp"):
        _set_back(past, sql.Identifier(table))


def go_live(past: Machine) -> None:
    """Register five orgs. Their admins sign in after some hours, and authorize the next day."""
    at_once(lambda org: _bring(past, org, "waiting_for_consent"), LIVE)
    past.go_to(past.stack.ago - 3 * HOUR)
    at_once(lambda org: _bring(past, org, "waiting_for_authorization"), LIVE)
    past.go_to(past.stack.ago - 19 * HOUR)
    at_once(lambda org: _bring(past, org, "live"), LIVE)


def collect_posts(past: Machine) -> None:
    _post(past, cast.POSTS)


def collect_more_posts(past: Machine) -> None:
    _post(past, cast.MORE_POSTS)


def lose_a_database(past: Machine) -> None:
    _force(past, cast.BOREALIS, "DB_UNAVAILABLE")


def fail_and_heal(past: Machine) -> None:
    _force(past, cast.ACME, "SYSTEM_ERROR")


def wait_for_authorization(past: Machine) -> None:
    _bring(past, cast.CIRRUS, "waiting_for_authorization")


def authorize_the_wrong_org(past: Machine) -> None:
    _bring(past, cast.KESTREL, "waiting_for_authorization")
    stranger = {"connection": _connection_id(past, cast.KESTREL)}
    past.emulator.call("POST", "/breaks/wrong-org", stranger)
    past.watch(10 * MINUTE)


def drift(past: Machine) -> None:
    """Delete a mapping in Heroku's dashboard, past the portal; staff compare later."""
    known = past.emulator.call("GET", f"/connections/{_connection_id(past, cast.INDIGO)}")
    mapping = next(each for each in known["mappings"] if each["object_name"] == "Contact")
    answer = requests.delete(
        f"{past.stack.plan.emulator_url}/region/api/v3/mappings/{mapping['id']}",
        headers={"Authorization": f"Bearer {HEROKU_TOKEN}"},
        timeout=30,
    )
    answer.raise_for_status()
    past.go_to(past.stack.ago - HOUR)
    Staff(past.stack).act(cast.INDIGO, "Compare now")


def refuse_rows(past: Machine) -> None:
    past.emulator.call("POST", "/breaks/refuse-rows", {"org": cast.HARBOR.org_id})
    _post(past, cast.LATER_POSTS)
    _date_back(past, cast.HARBOR)
    past.look_at_everything()


def lose_the_database(past: Machine) -> None:
    """Take the tenants' database away and give it back: the portal restarts what needs it."""
    past.emulator.call("POST", "/breaks/database-away", {})
    past.watch(10 * MINUTE)
    past.emulator.call("DELETE", "/breaks/database-away", {})
    past.watch(20 * MINUTE)


def revoke(past: Machine) -> None:
    past.emulator.call("POST", "/breaks/revoke-grant", {"org": cast.GLACIER.org_id})
    past.watch(10 * MINUTE)


def block(past: Machine) -> None:
    past.emulator.ensure_org(cast.JUNIPER)
    past.emulator.call("POST", "/breaks/account-delinquent", {})
    register(past.stack, cast.JUNIPER)
    with Ledger(past.stack.database_url) as ledger:
        past.stack.wait_until(lambda: ledger.trouble(cast.JUNIPER), "Juniper to be blocked")
    past.emulator.call("DELETE", "/breaks/account-delinquent", {})


def wait_for_consent(past: Machine) -> None:
    _bring(past, cast.DUNE, "waiting_for_consent")


def roll_out(past: Machine) -> None:
    """Add a field to the mappings, and give the new version to one tenant before the others."""
    staff = Staff(past.stack)
    page = staff.browser.open(f"{staff.base}connect/mappingtemplate/add/")
    staff.browser.click(
        page,
        "Save",
        document=json.dumps(_next_version(past)),
        notes="Sales want the industry of each Account.",
        accept_warnings="on",
    )
    page = staff.browser.open(f"{staff.base}connect/rollout/add/")
    answers = {
        "template": _newest_version(past),
        # One of the others has no authorization, and one has drifted.
        "org_ids": "\n".join(org.org_id for org in (cast.ACME, cast.BOREALIS, cast.HARBOR)),
        "canary_size": "1",
        "hold_after_canary": "on",
    }
    page = staff.browser.click(page, "Create roll-out", **answers, notes="One tenant first.")
    past.watch(4 * MINUTE)
    page = staff.browser.open(urljoin(staff.base, f"connect/rollout/{_rollout(past)}/change/"))
    page = staff.browser.open(urljoin(page.url, page.link("Start")))
    staff.browser.click(page, "Start", accept_warnings="on")
    past.watch(10 * MINUTE)


def wait_for_proof(past: Machine) -> None:
    _bring(past, cast.EMBER, "waiting_for_proof")


def _bring(past: Machine, org: Org, stage: str) -> None:
    bring_to(past.stack, org, stage, lambda _: None)


def _force(past: Machine, org: Org, state: str) -> None:
    """Force a state on an org's connection, and see the portal open an incident and heal it."""
    wanted = {"connection": _connection_id(past, org), "choice": state}
    past.emulator.call("POST", "/breaks/connection-state", wanted)
    past.watch(15 * MINUTE)


def _post(past: Machine, posts: tuple[tuple[str, str, int], ...]) -> None:
    """Let companies post on X, and staff press “Collect now”."""
    sent = [
        {"username": handle, "text": text, "likes": likes, "seconds_ago": 0}
        for handle, text, likes in posts
    ]
    past.emulator.call("POST", "/x/posts", sent)
    # X finds a post half a minute later.
    past.watch(2 * MINUTE)
    with Ledger(past.stack.database_url) as ledger:
        before = _inserted(ledger)
        Staff(past.stack).collect_posts()
        past.stack.wait_until(lambda: _inserted(ledger) > before, "the posts to be collected")
    past.emulator.call("POST", "/sync", {})


def _date_back(past: Machine, org: Org) -> None:
    """Set back what the triggers of a schema have dated: Postgres' own clock is not moved."""
    schema = _read(
        past,
        "SELECT schema_name FROM connect_connection c JOIN tenants_tenant t"
        " ON t.id = c.tenant_id WHERE t.org_id = %s",
        org.org_id,
    )
    _set_back(past, sql.Identifier(schema, "_trigger_log"))


def _set_back(past: Machine, table: sql.Identifier) -> None:
    update = sql.SQL("UPDATE {} SET created_at = created_at - %s").format(table)
    with Ledger(past.stack.database_url) as ledger:
        ledger.database.execute(update, [past.stack.ago])


def _inserted(ledger: Ledger) -> int:
    found = ledger.row("SELECT coalesce(sum(inserted), 0) FROM social_collectionrun")
    return int(found[0]) if found else 0


def _connection_id(past: Machine, org: Org) -> str:
    return str(
        _read(
            past,
            "SELECT connection_id FROM connect_connection c JOIN tenants_tenant t"
            " ON t.id = c.tenant_id WHERE t.org_id = %s",
            org.org_id,
        )
    )


def _next_version(past: Machine) -> Any:
    document = _read(past, "SELECT document FROM connect_mappingtemplate ORDER BY id DESC LIMIT 1")
    account = next(each for each in document["mappings"] if each["object_name"] == "Account")
    account["config"]["fields"]["Industry"] = {}
    return document


def _newest_version(past: Machine) -> str:
    return str(_read(past, "SELECT max(id) FROM connect_mappingtemplate"))


def _rollout(past: Machine) -> int:
    return int(_read(past, "SELECT max(id) FROM connect_rollout"))


def _read(past: Machine, query: Any, *values: Any) -> Any:
    with Ledger(past.stack.database_url) as ledger:
        found = ledger.row(query, *values)
    return found[0] if found else None
