"""Heroku's Platform API as a system: its headers, its errors, its budget of calls.

Source: Heroku's Platform API reference, version 3.
"""

import re
from typing import Any

from werkzeug.wrappers import Response

from emulator.heroku.rate_limit import take_call
from emulator.web.answers import answer
from emulator.web.call import Call
from emulator.web.routing import System
from emulator.web.tokens import account_of, token_accepted

ACCEPT = re.compile(r"application/vnd\.heroku\+json;\s*version=3(\.\w+)?")
# Documented: this call is free, so that a client may ask without spending.
RATE_LIMITS_PATH = "/heroku/account/rate-limits"
SERVICES_PATH = "/heroku/addon-services"


def error(status: int, code: str, message: str, **more: Any) -> Response:
    """Make an error in the form of the Platform API."""
    return answer({"id": code, "message": message, **more}, status)


def _failed(status: int, description: str) -> Response:
    if status == 404:
        return error(404, "not_found", "The requested API endpoint was not found.")
    if status == 405:
        return error(405, "method_not_allowed", "The method is not allowed for this endpoint.")
    return error(status, "bad_request", description)


def _before(call: Call) -> Response | None:
    request = call.request
    if not ACCEPT.search(request.headers.get("Accept", "")):
        message = 'The "Accept" header must be "application/vnd.heroku+json; version=3".'
        return error(406, "not_acceptable", message)
    if request.path.startswith(SERVICES_PATH):  # needs no token
        return None
    if not token_accepted(call):
        return error(401, "unauthorized", "Invalid credentials provided.")
    if request.path == RATE_LIMITS_PATH or take_call(call.world, account_of(call)):
        return None
    message = "Your account reached the API rate limit. Please wait a few minutes and try again."
    return error(429, "rate_limit", message)


def _after(call: Call, response: Response) -> None:
    # On refusals too: the header is how a client notices that it should slow down.
    response.headers["RateLimit-Remaining"] = str(int(account_of(call).calls_left))


SYSTEM = System("heroku", _failed, _before, _after)
