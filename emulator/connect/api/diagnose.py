"""Heroku Connect's regional API: diagnosis ("validations") and the change of API version."""

import re
import uuid
from typing import Any

from werkzeug.wrappers import Response

from emulator.connect.api.connect_api import CONNECTION
from emulator.connect.api.region import SYSTEM, error, opened, require_authenticated
from emulator.connect.engine import fit
from emulator.salesforce import identity
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World
from emulator.web.web import Call, answer, refuse

DOCS = "https://devcenter.heroku.com/articles/heroku-connect-diagnose"
VERSION = re.compile(r"(\d{2,3})(\.0)?")
UNSYNCED = (
    "INITIAL",
    "SCHEMA_CHANGED",
    "RESYNC",
    "RELOAD_TABLE",
    "WAIT_BULK_LOAD",
    "LOADING_BULK_JOB",
)


@SYSTEM.route(f"{CONNECTION}/validations", "POST")
def start(call: Call, connection_id: str) -> Response:
    """Begin a diagnosis, whose result is asked for elsewhere."""
    world = call.world
    with opened(call, connection_id) as connection:
        key = uuid.uuid4().hex[:12]
        connection.validations[key] = world.clock.seconds + world.behaviour.validation_seconds
        world.put(connection)
    return answer({"result_url": f"{call.base}{call.request.path}/{key}"}, 202)


@SYSTEM.route(f"{CONNECTION}/validations/<key>")
def result(call: Call, connection_id: str, key: str) -> Response:
    """Answer 202 without a body while the diagnosis runs, then its findings."""
    world = call.world
    with opened(call, connection_id) as connection:
        if key not in connection.validations:
            refuse(error(404, "Not found."))
        if connection.validations[key] > world.clock.seconds:
            return Response(status=202)
        mappings = world.mappings_of(connection)
        findings = _findings(world, connection, len(mappings))
        by_object = {m.object_name: mapping_findings(world, connection, m) for m in mappings}
        return answer({**findings, "mappings": by_object})


def _findings(world: World, connection: Connection, mappings: int) -> dict[str, list[Any]]:
    found = identity.find_user(world, connection.organization_id or "", connection.user_id or "")
    latest = world.behaviour.latest_api_version
    limit = world.behaviour.mapping_limit
    return _sorted(
        [
            (
                "errors",
                mappings <= limit,
                _rule(
                    "NUM_MAPPINGS_WITHIN_LIMIT",
                    "Number of Mappings",
                    f"The connection has {mappings} mappings; the limit is {limit}.",
                ),
            ),
            (
                "errors",
                found is not None and found[1].view_all_data,
                _rule(
                    "SHOULD_HAVE_VALID_SF_PERMISSIONS",
                    "Salesforce Permissions",
                    "The integration user should have the View All Data permission.",
                ),
            ),
            (
                "warnings",
                world.behaviour.regions_match,
                _rule(
                    "REGIONS_SHOULD_MATCH",
                    "Regions",
                    "The app, its database and the connection should be in the same region.",
                ),
            ),
            (
                "warnings",
                connection.api_version in (None, latest),
                _rule(
                    "MUST_USE_RECENT_API_VERSION",
                    "Salesforce API Version",
                    f"The latest available Salesforce API version is {latest}. Your connection is "
                    f"using version {connection.api_version}.",
                ),
            ),
            (
                "warnings",
                connection.logplex_log_enabled,
                _rule(
                    "SHOULD_HAVE_LOG_DRAIN",
                    "Configured Logging",
                    "Logging is not configured for this connection.",
                ),
            ),
        ]
    )


def mapping_findings(
    world: World, connection: Connection, mapping: Mapping
) -> dict[str, list[Any]]:
    """Diagnose one mapping."""
    reason = fit.misfit(world.orgs.get(connection.organization_id or ""), mapping)
    writes = mapping.config["access"] == "read_write"
    return _sorted(
        [
            (
                "errors",
                reason is None,
                _rule("REQUIRED_FIELDS", "Required Fields", reason or "Every field exists."),
            ),
            (
                "errors",
                not writes or bool(mapping.config.get("upsert_field")),
                _rule(
                    "UNIQUE_IDENTIFIER",
                    "Unique Identifier",
                    "A read-write mapping should have a unique identifier.",
                ),
            ),
        ]
    )


def _rule(rule_id: str, display_name: str, message: str) -> dict[str, str]:
    return {
        "rule_id": rule_id,
        "display_name": display_name,
        "message": message,
        "doc_url": f"{DOCS}#{display_name.lower().replace(' ', '-')}",
    }


def _sorted(checks: list[tuple[str, bool, dict[str, str]]]) -> dict[str, list[Any]]:
    """Put each (where it goes when failed, passed, rule) on its pile."""
    piles: dict[str, list[Any]] = {"errors": [], "warnings": [], "passes": [], "skips": []}
    for pile, passed, rule in checks:
        status = "PASSED" if passed else "FAILED"
        piles["passes" if passed else pile].append({**rule, "status": status})
    return piles


# -- API version ---------------------------------------------------------------------------------


@SYSTEM.route(f"{CONNECTION}/schema-diff")
def schema_diff(call: Call, connection_id: str) -> Response:
    """Say what another API version would change in each mapping."""
    target = _version(call.request.args.get("target_version"))
    with opened(call, connection_id) as connection:
        require_authenticated(connection)
        return answer(_diff(call.world, connection, target))


@SYSTEM.route(f"{CONNECTION}/actions/change-sf-api-version", "POST")
def change_version(call: Call, connection_id: str) -> Response:
    """Change the API version of a paused connection."""
    world = call.world
    target = _version(call.json().get("target_version"))
    with opened(call, connection_id) as connection:
        require_authenticated(connection)
        if connection.state != "PAUSED":
            refuse(error(409, "The connection must be paused first."))
        if target == connection.api_version:
            refuse(error(400, f"The connection uses version {target} already."))
        _refuse_while_syncing(world, connection)
        diff = _diff(world, connection, target)
        if any(each["has_unsafe_changes"] for each in diff["mappings"]):
            message = "Some mappings have unsafe changes. Edit them and retry."
            refuse(answer({"message": message, **diff}, 409))
        connection.api_version = target
        world.put(connection)
        return answer({**diff, "target_version": target}, 202)


def _version(given: Any) -> str:
    match = VERSION.fullmatch(str(given or ""))
    if match is None:
        refuse(answer({"error": "target_version must be an API version such as 61.0"}, 400))
    return f"{match[1]}.0"


def _refuse_while_syncing(world: World, connection: Connection) -> None:
    busy = [m.object_name for m in world.mappings_of(connection) if m.state in UNSYNCED]
    if busy:
        message = f"Mapping {busy[0]} is still syncing. Wait until it is synced and retry."
        refuse(answer({"error": message, "syncing_mappings": busy}, 409))


def _diff(world: World, connection: Connection, target: str) -> dict[str, Any]:
    org = world.orgs.get(connection.organization_id or "")
    return {
        "current_api_version": connection.api_version,
        "target_api_version": target,
        "guid": str(uuid.uuid4()),
        "mappings": [
            _mapping_diff(each, fit.removed_fields(org, each))
            for each in world.mappings_of(connection)
        ],
    }


def _mapping_diff(mapping: Mapping, removed: list[str] | None) -> dict[str, Any]:
    if removed is None:
        message = "Unable to determine if an action is required."
    elif removed:
        message = f"Fields removed from Salesforce: {', '.join(removed)}. "
    else:
        message = "Salesforce field definitions have not changed."
    return {
        "name": mapping.object_name,
        "fields_have_changed": bool(removed),
        "has_unsafe_changes": bool(removed),
        "action_undetermined": removed is None,
        "result_message": message,
    }
