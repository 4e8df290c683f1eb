"""/control/faults: how the next calls fail."""

from dataclasses import asdict

from werkzeug.wrappers import Response

from emulator.control.system import SYSTEM, reject
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/faults")
def faults(call: Call) -> Response:
    """List the active faults."""
    return answer({"faults": call.world.faults.list()})


@SYSTEM.route("/faults", "POST")
def add_fault(call: Call) -> Response:
    """Activate a fault."""
    try:
        return answer(asdict(call.world.faults.add(call.json())), 201)
    except ValueError as error:
        reject(400, str(error))


@SYSTEM.route("/faults", "DELETE")
def clear_faults(call: Call) -> Response:
    """Remove every fault."""
    call.world.faults.clear()
    return Response(status=204)
