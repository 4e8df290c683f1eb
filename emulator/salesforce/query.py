"""SOQL queries of the REST API: only what the calling user may do can be asked for."""

import re

from werkzeug.wrappers import Response

from emulator.org.org import User
from emulator.salesforce.logins import orgs_at
from emulator.salesforce.oauth import owner
from emulator.salesforce.system import SYSTEM, bearer_grant, refusal, rest_error
from emulator.web.answers import answer
from emulator.web.call import Call

OBJECT = "UserPermissionAccess"
_QUERY = re.compile(
    r"\s*SELECT\s+(?P<fields>\w+(?:\s*,\s*\w+)*)\s+FROM\s+(?P<object>\w+)(?:\s+LIMIT\s+\d+)?\s*",
    re.IGNORECASE,
)


@SYSTEM.route("/<host>/services/data/<version>/query")
@SYSTEM.route("/<host>/services/data/<version>/query/")
def query(call: Call, host: str, version: str) -> Response:
    """Answer a query of UserPermissionAccess, which has one row: that of the token's user."""
    grant = bearer_grant(call)
    org = call.world.orgs.get(grant.org_id) if grant else None
    if grant is None or org is None or org not in orgs_at(call.world, host):
        return rest_error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    _, user = owner(call.world, grant)
    found = _QUERY.fullmatch(call.request.args.get("q", ""))
    if refused := refusal(user):
        return refused
    if found is None:
        return rest_error(400, "MALFORMED_QUERY", "unexpected token")
    if found["object"].lower() != OBJECT.lower():
        message = f"sObject type '{found['object']}' is not supported."
        return rest_error(400, "INVALID_TYPE", message)
    return _rows(user, version, [each.strip() for each in found["fields"].split(",")])


def _rows(user: User, version: str, fields: list[str]) -> Response:
    known = {
        "PermissionsApiEnabled": user.api_enabled,
        "PermissionsViewAllData": user.view_all_data,
        "PermissionsModifyAllData": user.view_all_data,
    }
    unknown = [each for each in fields if each not in known]
    if unknown:
        message = f"No such column '{unknown[0]}' on entity '{OBJECT}'."
        return rest_error(400, "INVALID_FIELD", message)
    attributes = {"type": OBJECT, "url": f"/services/data/{version}/sobjects/{OBJECT}/000"}
    row = {"attributes": attributes, **{each: known[each] for each in fields}}
    return answer({"totalSize": 1, "done": True, "records": [row]})
