"""Changes of a connection's Salesforce API version."""

import re
import uuid
from typing import Any

from werkzeug.wrappers import Response

from emulator.connect.api.opening import opened, require_authenticated
from emulator.connect.api.system import CONNECTION, SYSTEM, error
from emulator.connect.engine.fit import removed_fields
from emulator.connect.engine.states import MAPPING_ERRORS
from emulator.state.entities import Connection, Mapping
from emulator.state.world import World
from emulator.web.answers import answer, refuse
from emulator.web.call import Call

# Heroku's plugin takes 61 and 61.0 for the same version.
VERSION = re.compile(r"(\d{2,3})(\.0)?")
# Heroku refuses another version while a mapping loads, polls or writes.
STATES_AT_REST = ("DATA_SYNCED", "ABORTED", *MAPPING_ERRORS)
# Salesforce retired the versions before this one in Summer '25.
OLDEST_VERSION = 31.0


@SYSTEM.route(f"{CONNECTION}/schema-diff")
def schema_diff(call: Call, connection_id: str) -> Response:
    """Show what another API version would change in each mapping."""
    target = _version(call.world, call.request.args.get("target_version"))
    with opened(call, connection_id) as connection:
        require_authenticated(connection)
        return answer(_diff(call.world, connection, target))


@SYSTEM.route(f"{CONNECTION}/actions/change-sf-api-version", "POST")
def change_version(call: Call, connection_id: str) -> Response:
    """Change the API version of a paused connection."""
    world = call.world
    target = _version(world, call.json().get("target_version"))
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


def _version(world: World, given: Any) -> str:
    match = VERSION.fullmatch(str(given or ""))
    if match is None:
        # Some refusals of these endpoints say `error` and others `message`: clients read both.
        refuse(answer({"error": "target_version must be an API version such as 61.0"}, 400))
    version = f"{match[1]}.0"
    if not OLDEST_VERSION <= float(version) <= float(world.behaviour.latest_api_version):
        refuse(answer({"error": f"API version {version} is not supported."}, 400))
    return version


def _refuse_while_syncing(world: World, connection: Connection) -> None:
    busy = [m.object_name for m in world.mappings_of(connection) if m.state not in STATES_AT_REST]
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
            _mapping_diff(each, removed_fields(org, each)) for each in world.mappings_of(connection)
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
