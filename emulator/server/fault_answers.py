"""The answer that a fault gives instead of the system."""

from werkzeug.wrappers import Response

from emulator.state.faults import HTML_BODY, Fault
from emulator.web.answers import answer, html


def fault_answer(fault: Fault) -> Response:
    """Answer with the fault's status, body and headers."""
    status = fault.status or (502 if fault.html else 200)
    if fault.html:
        response = html(fault.body or HTML_BODY, status)
    elif isinstance(fault.body, str):
        response = Response(fault.body, status, content_type=fault.content_type or "text/plain")
    elif fault.empty or fault.body is None:
        response = Response(b"", status)
    else:
        response = answer(fault.body, status)
    if fault.content_type:
        response.headers["Content-Type"] = fault.content_type
    response.headers.update(fault.headers)
    return response
