"""The rules of a diagnosis, and which of them a connection or a mapping breaks."""

import re
from typing import Any, NamedTuple

from emulator.connect.engine.fit import has_identifier, misfit_of_fields
from emulator.salesforce import logins
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World

DOCS = "https://devcenter.heroku.com/articles/heroku-connect-diagnose"
STATUS = {True: "PASSED", False: "FAILED", None: "SKIPPED"}

Findings = dict[str, list[Any]]


class Check(NamedTuple):
    """A rule and whether it holds; None skips it. A broken one is listed under `severity`.

    `anchor` is the rule's place in the documentation, where that does not follow its name.
    """

    severity: str
    passed: bool | None
    rule_id: str
    display_name: str
    message: str
    anchor: str = ""


def connection_findings(world: World, connection: Connection, mappings: int) -> Findings:
    """Diagnose a connection that has so many mappings."""
    return _sorted(
        *_database_rules(world, connection, mappings),
        *_salesforce_rules(world, connection),
        *_warnings(world, connection),
    )


def _database_rules(world: World, connection: Connection, mappings: int) -> list[Check]:
    limit = world.behaviour.mapping_limit
    attachment = (connection.db_key or "").removesuffix("_URL")
    return [
        Check(
            "errors",
            mappings <= limit,
            "NUM_MAPPINGS_WITHIN_LIMIT",
            "Number of Mappings",
            f"The connection has {mappings} mappings; the limit is {limit}.",
        ),
        Check(
            "errors",
            attachment in world.app_of(connection).databases if attachment else None,
            "HEROKU_POSTGRES_REQUIRED",
            "Heroku Postgres",
            "The database should be a Heroku Postgres add-on.",
        ),
        Check(
            "errors",
            # The emulated Postgres add-ons have a paid plan.
            None if world.plan_of(connection) == "demo" else True,
            "PAID_PLAN_MUST_HAVE_PAID_DATABASE",
            "Database Plan",
            "A paid plan of Heroku Connect needs a paid plan of Heroku Postgres.",
        ),
    ]


def _salesforce_rules(world: World, connection: Connection) -> list[Check]:
    user = logins.find_user(world, connection.organization_id or "", connection.user_id or "")
    latest, version = world.behaviour.latest_api_version, connection.api_version
    authenticated = connection.organization_id is not None
    return [
        Check(
            "errors",
            # Without View All Data, Heroku Connect sees only a part of the records.
            user is not None and user[1].view_all_data if authenticated else None,
            "SHOULD_HAVE_VALID_SF_PERMISSIONS",
            "View/Modify All Data",
            "The integration user should have the View All Data permission.",
        ),
        Check(
            "warnings",
            version == latest if authenticated else None,
            "MUST_USE_RECENT_API_VERSION",
            "Salesforce API Version",
            f"The latest available Salesforce API version is {latest}. Your connection is "
            f"using version {version}.",
        ),
    ]


def _warnings(world: World, connection: Connection) -> list[Check]:
    return [
        Check(
            "warnings",
            world.behaviour.regions_match,
            "REGIONS_SHOULD_MATCH",
            "Data Locality",
            "The app, its database and the connection should be in the same region.",
        ),
        Check(
            "warnings",
            connection.logplex_log_enabled,
            "SHOULD_HAVE_LOG_DRAIN",
            "Configured Logging",
            "Logging is not configured for this connection.",
            "check-configured-log-drain",
        ),
    ]


def mapping_findings(world: World, connection: Connection, mapping: Mapping) -> Findings:
    """Diagnose one mapping."""
    org = world.orgs.get(connection.organization_id or "")
    reason = misfit_of_fields(org, mapping)
    writes = mapping.config["access"] == "read_write"
    return _sorted(
        Check(
            "errors",
            reason is None,
            "REQUIRED_FIELDS",
            "Required Fields",
            reason or "Every field exists.",
        ),
        Check(
            "errors",
            # The Dev Center's diagnosis shows this one in red as well.
            not writes or has_identifier(org, mapping),
            "UNIQUE_IDENTIFIER",
            "Unique Identifier",
            "A read-write mapping should have a unique identifier: an external id of the object.",
        ),
    )


def _sorted(*checks: Check) -> Findings:
    found: Findings = {"errors": [], "warnings": [], "passes": [], "skips": []}
    for check in checks:
        found[_pile(check)].append(_finding(check))
    return found


def _pile(check: Check) -> str:
    if check.passed is None:
        return "skips"
    return "passes" if check.passed else check.severity


def _finding(check: Check) -> dict[str, str]:
    return {
        "rule_id": check.rule_id,
        "display_name": check.display_name,
        "message": check.message,
        "doc_url": f"{DOCS}#{check.anchor or _anchor(check.display_name)}",
        "status": STATUS[check.passed],
    }


def _anchor(display_name: str) -> str:
    return "check-" + re.sub(r"\W+", "-", display_name.lower())
