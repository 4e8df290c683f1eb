"""The regional Heroku Connect API as a system: its checks, and the form of its errors.

Source: Heroku's Connect command-line plugin and the Dev Center's "Heroku Connect API".
"""

import re

from werkzeug.wrappers import Response

from emulator.state.entities import Connection
from emulator.state.world import World
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.web.routing import System
from emulator.web.tokens import bearer_accepted

API = "/api/v3"
CONNECTION = f"{API}/connections/<connection_id>"
MAPPING = f"{API}/mappings/<mapping_id>"
PAGES = "/region/oauth/"
# A region's further cells are the same system under another path, so that a fault can hit one only.
FURTHER_CELL = re.compile(r"region-[2-9]")


def error(status: int, message: str) -> Response:
    """Make an error in the form of Heroku Connect."""
    return answer({"message": message}, status)


def _failed(status: int, description: str) -> Response:
    return error(status, "Not found." if status == 404 else description)


def _before(call: Call) -> Response | None:
    # The authorization pages are for browsers, which have no token.
    if call.request.path.startswith(PAGES) or bearer_accepted(call):
        return None
    return error(401, "Invalid credentials provided.")


SYSTEM = System("region", _failed, _before)


def cell_of(world: World, connection: Connection) -> str:
    """Name the cell that serves a connection; it is also the first part of its path."""
    number = connection.number % max(world.behaviour.cells, 1) + 1
    return "region" if number == 1 else f"region-{number}"
