"""Salesforce as a system: every host of every org.

The path's first part is the host of the real URL: login.salesforce.com for production,
test.salesforce.com for sandboxes, or an org's My Domain.
"""

from werkzeug.wrappers import Response

from emulator.org.org import User
from emulator.salesforce import grants
from emulator.state.entities import Grant
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.web.routing import System

OAUTH = "/<host>/services/oauth2"


def rest_error(status: int, code: str, message: str) -> Response:
    """Make an error in the form of Salesforce's REST APIs: a list."""
    return answer([{"message": message, "errorCode": code}], status)


def _failed(status: int, description: str) -> Response:
    if status == 405:
        return rest_error(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed.")
    if status == 404:
        return rest_error(404, "NOT_FOUND", "The requested resource does not exist")
    return rest_error(status, "JSON_PARSER_ERROR", description)


SYSTEM = System("salesforce", _failed)


def bearer_grant(call: Call) -> Grant | None:
    """The grant of the access token in the call's Authorization header, if it is valid."""
    # "OAuth" is the older name that Salesforce still takes.
    scheme, _, given = call.request.headers.get("Authorization", "").partition(" ")
    return grants.of_access_token(call.world, given) if scheme in ("Bearer", "OAuth") else None


def refusal(user: User) -> Response | None:
    """The answer of every API to a user without the permission “API Enabled”, else None."""
    if user.api_enabled:
        return None
    message = "The REST API is not enabled for this Organization."
    return rest_error(403, "API_DISABLED_FOR_ORG", message)
