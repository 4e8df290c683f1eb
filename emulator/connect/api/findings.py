"""The rules of a diagnosis, and which of them a connection or a mapping breaks."""

from typing import Any, NamedTuple

from emulator.connect.engine.fit import has_identifier, misfit_of_fields
from emulator.salesforce import logins
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World

DOCS = "https://devcenter.heroku.com/articles/heroku-connect-diagnose"

Findings = dict[str, list[Any]]


class Check(NamedTuple):
    """A rule and whether it holds. A broken one is listed under `severity`: errors or warnings."""

    severity: str
    passed: bool
    rule_id: str
    display_name: str
    message: str


def connection_findings(world: World, connection: Connection, mappings: int) -> Findings:
    """Diagnose a connection that has so many mappings."""
    return _sorted(*_errors(world, connection, mappings), *_warnings(world, connection))


def _errors(world: World, connection: Connection, mappings: int) -> list[Check]:
    found = logins.find_user(world, connection.organization_id or "", connection.user_id or "")
    limit = world.behaviour.mapping_limit
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
            # Without View All Data, Heroku Connect sees only a part of the records.
            found is not None and found[1].view_all_data,
            "SHOULD_HAVE_VALID_SF_PERMISSIONS",
            "Salesforce Permissions",
            "The integration user should have the View All Data permission.",
        ),
    ]


def _warnings(world: World, connection: Connection) -> list[Check]:
    latest = world.behaviour.latest_api_version
    return [
        Check(
            "warnings",
            world.behaviour.regions_match,
            "REGIONS_SHOULD_MATCH",
            "Regions",
            "The app, its database and the connection should be in the same region.",
        ),
        Check(
            "warnings",
            # There is no version before the first consent.
            connection.api_version in (None, latest),
            "MUST_USE_RECENT_API_VERSION",
            "Salesforce API Version",
            f"The latest available Salesforce API version is {latest}. Your connection is "
            f"using version {connection.api_version}.",
        ),
        Check(
            "warnings",
            connection.logplex_log_enabled,
            "SHOULD_HAVE_LOG_DRAIN",
            "Configured Logging",
            "Logging is not configured for this connection.",
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
        found["passes" if check.passed else check.severity].append(_finding(check))
    return found


def _finding(check: Check) -> dict[str, str]:
    return {
        "rule_id": check.rule_id,
        "display_name": check.display_name,
        "message": check.message,
        # The real anchors follow no rule that we know; these come from the name.
        "doc_url": f"{DOCS}#{check.display_name.lower().replace(' ', '-')}",
        "status": "PASSED" if check.passed else "FAILED",
    }
