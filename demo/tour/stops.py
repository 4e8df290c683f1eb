"""The stops of the tour: what to look at, and what to press."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from demo import cast
from demo.actors.ledger import Ledger
from demo.stack import Stack

TENANT = "SELECT id FROM tenants_tenant WHERE org_id = %s"
ROLLOUT = "SELECT max(id) FROM connect_rollout"
HEALED = (
    "SELECT max(i.id) FROM connect_incident i JOIN connect_connection c ON c.id = i.connection_id"
    " JOIN tenants_tenant t ON t.id = c.tenant_id WHERE t.org_id = %s AND i.status = 'closed'"
)


@dataclass(frozen=True)
class Stop:
    """One stop: its links are addresses by their words; {names} in them stand for this stack's."""

    title: str
    text: str
    links: Mapping[str, str]


def _break(group: str, name: str) -> str:
    """Return the address of a break's card on the emulator's page."""
    return f"{{emulator}}/control/?{urlencode({'open': group})}#{name}"


BREAKS = {
    "A region of Heroku Connect is away": _break("Heroku Connect", "region-away"),
    "Heroku Connect reaches no database": _break("Heroku Connect", "database-away"),
    "Any state of a connection": _break("Heroku Connect", "connection-state"),
    "The Heroku token is revoked": _break("Heroku", "token-revoked"),
    "An org revokes its access": _break("Salesforce", "revoke-grant"),
    "An org uninstalls the package": _break("Salesforce", "uninstall-package"),
    "An org refuses every row": _break("Salesforce", "refuse-rows"),
}
STOPS = (
    Stop(
        "What needs a person",
        "All that needs a person, worst first: who is blocked, whose authorization is lost, whose"
        " rows are refused. Each row has its one right button.",
        {"Attention": "{admin}/attention/", "Dashboard": "{admin}/"},
    ),
    Stop(
        "Blocked, and unblocked",
        "Heroku refused Juniper's add-on, because the account had not paid. It has paid since:"
        " press “Retry provisioning”, and watch the steps.",
        {"Juniper": "{admin}/tenants/tenant/{juniper}/change/"},
    ),
    Stop(
        "Healed while nobody looked",
        "Acme's connection failed. The portal looked twice, restarted it, and wrote down"
        " what it did. The strips show the month.",
        {
            "Acme": "{admin}/tenants/tenant/{acme}/change/",
            "Its incident": "{admin}/connect/incident/{healed}/change/",
        },
    ),
    Stop(
        "Be the subscriber",
        "Glacier's admin revoked the access, and the portal has mailed them. Open that mail, follow"
        " its button, and authorize again: the page and the portal follow you.",
        {"Mailbox": "{tour}/mail/", "Glacier": "{admin}/tenants/tenant/{glacier}/change/"},
    ),
    Stop(
        "The wrong org",
        "Somebody authorized Kestrel's connection with a stranger's org. Nothing was imported. Only"
        " a new connection helps, and the button says so.",
        {"Kestrel": "{admin}/tenants/tenant/{kestrel}/change/"},
    ),
    Stop(
        "Refused rows",
        "Harbor's org refuses what is written to it. Fix its rule on the other side, then retry"
        " exactly those writes.",
        {
            "Write errors": "{admin}/connect/writeerror/",
            "Fix the rule": _break("Salesforce", "refuse-rows"),
        },
    ),
    Stop(
        "Drift",
        "Somebody deleted a mapping of Indigo in Heroku's dashboard. The portal shows the"
        " difference, and can bring it back.",
        {"Indigo": "{admin}/tenants/tenant/{indigo}/change/"},
    ),
    Stop(
        "A roll-out, half done",
        "New mappings went to one tenant first. Press “Resume” for the others.",
        {"The roll-out": "{admin}/connect/rollout/{rollout}/change/"},
    ),
)


def stops(stack: Stack) -> list[Stop]:
    """Return the stops in their order, with the addresses of this stack."""
    names = _names(stack)
    return [replace(each, links=_filled(each.links, names)) for each in STOPS]


def breaks(stack: Stack) -> Mapping[str, str]:
    """Return the addresses of the emulator's buttons by their words."""
    return _filled(BREAKS, {"emulator": stack.plan.emulator_url})


def _filled(links: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {words: address.format(**names) for words, address in links.items()}


def _names(stack: Stack) -> dict[str, str]:
    plan = stack.plan
    with Ledger(stack.database_url) as ledger:
        tenants = {
            org.name.split()[0].lower(): _id(ledger, TENANT, org.org_id) for org in cast.ORGS
        }
        return {
            **tenants,
            "healed": _id(ledger, HEALED, cast.ACME.org_id),
            "rollout": _id(ledger, ROLLOUT),
            "admin": f"{plan.portal_url}/admin",
            "emulator": plan.emulator_url,
            "tour": plan.tour_url,
        }


def _id(ledger: Ledger, query: Any, *values: Any) -> str:
    found = ledger.row(query, *values)
    return str(found[0]) if found else ""
