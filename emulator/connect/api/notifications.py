"""A connection's notifications: listed, acknowledged."""

from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from emulator.connect.api.opening import opened
from emulator.connect.api.system import CONNECTION, SYSTEM, error
from emulator.state.entities import Connection
from emulator.web.answers import answer, refuse
from emulator.web.call import Call

# What Heroku's plugin asks for.
DEFAULT_PAGE = 1000


@SYSTEM.route(f"{CONNECTION}/notifications")
def list_notifications(call: Call, connection_id: str) -> Response:
    """List notifications that are not acknowledged."""
    with opened(call, connection_id) as connection:
        chosen, _ = _split(call, connection)
        return answer({"results": chosen})


@SYSTEM.route(f"{CONNECTION}/notifications/acknowledge", "POST")
def acknowledge(call: Call, connection_id: str) -> Response:
    """Acknowledge every notification that the query chooses."""
    with opened(call, connection_id) as connection:
        # No call to acknowledge a single notification is documented.
        _, connection.notifications = _split(call, connection)
        call.world.put(connection)
    return Response(status=204)


def _split(call: Call, connection: Connection) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Split notifications: those that the query chooses, newest first, and the others."""
    args = call.request.args
    try:
        after = datetime.fromisoformat(args["after"]) if "after" in args else None
        before = datetime.fromisoformat(args["before"]) if "before" in args else None
        size = int(args.get("page_size", DEFAULT_PAGE))
    except ValueError:
        refuse(error(400, "Invalid request parameters"))
    chosen: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for each in reversed(connection.notifications):
        at = datetime.fromisoformat(each["created_at"])
        fits = (
            (after is None or at > _with_zone(after))
            and (before is None or at < _with_zone(before))
            and args.get("event_type") in (None, each["event_type"])
        )
        (chosen if fits and len(chosen) < size else others).append(each)
    # The stored order is oldest first.
    return chosen, others[::-1]


def _with_zone(moment: datetime) -> datetime:
    # A time without a zone could not be compared with the stored ones.
    return moment if moment.tzinfo else moment.astimezone()
