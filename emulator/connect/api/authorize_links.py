"""authorize_url: links that lead once through the Salesforce log-in."""

import secrets
from typing import Any

from werkzeug.wrappers import Response

from emulator.connect.api.opening import opened
from emulator.connect.api.system import CONNECTION, SYSTEM, error
from emulator.state.entities import AuthorizeLink, Connection
from emulator.web.answers import answer, refuse
from emulator.web.call import Call

ENVIRONMENTS = ("production", "sandbox", "custom")
# Where Heroku's command-line plugin listens.
DEFAULT_NEXT = "http://localhost:18000"


@SYSTEM.route(f"{CONNECTION}/authorize_url", "POST")
def create(call: Call, connection_id: str) -> Response:
    """Make a link that works once and for a short time."""
    body = call.json()
    with opened(call, connection_id) as connection:
        # A consent is noted in the connection's schema, which does not exist yet.
        if connection.state == "NEW":
            refuse(error(400, "The connection has no database yet."))
        link = new_link(call, connection, body)
    return answer({"redirect": f"{call.base}/region/oauth/authorize/{link.id}"}, 201)


def new_link(call: Call, connection: Connection, wanted: dict[str, Any]) -> AuthorizeLink:
    """Make the token behind an authorize URL; answers 400 when `wanted` makes no sense."""
    world = call.world
    environment = wanted.get("environment", "production")
    if environment not in ENVIRONMENTS:
        refuse(error(400, f"environment must be one of {', '.join(ENVIRONMENTS)}"))
    domain = str(wanted.get("domain") or "").removeprefix("https://").strip("/").lower()
    if environment == "custom" and not domain:
        refuse(error(400, "domain is required for a custom environment"))
    link = AuthorizeLink(
        id=secrets.token_urlsafe(24),
        connection_id=connection.id,
        environment=environment,
        # Only `custom` uses a domain; the other environments have a fixed log-in host.
        domain=domain if environment == "custom" else None,
        api_version=wanted.get("api_version"),
        next=str(wanted.get("next") or DEFAULT_NEXT),
        expires_at=world.clock.stamp + world.behaviour.authorize_url_seconds,
    )
    world.put(link)
    return link
