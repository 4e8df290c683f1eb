"""Diagnosis of a connection, which Heroku Connect calls validations."""

import uuid

from werkzeug.wrappers import Response

from emulator.connect.api.findings import connection_findings, mapping_findings
from emulator.connect.api.opening import opened, opened_mapping
from emulator.connect.api.system import CONNECTION, MAPPING, SYSTEM, error
from emulator.web.answers import answer, refuse
from emulator.web.call import Call


@SYSTEM.route(f"{CONNECTION}/validations", "POST")
def start(call: Call, connection_id: str) -> Response:
    """Start a diagnosis; the answer names the URL of its result."""
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
        findings = connection_findings(world, connection, len(mappings))
        by_object = {m.object_name: mapping_findings(world, connection, m) for m in mappings}
        return answer({**findings, "mappings": by_object})


@SYSTEM.route(f"{MAPPING}/validations")
def of_mapping(call: Call, mapping_id: str) -> Response:
    """Diagnose one mapping at once."""
    with opened_mapping(call, mapping_id) as (connection, mapping):
        return answer(mapping_findings(call.world, connection, mapping))
