"""/control/orgs/<id>/records: an org's records listed, made, changed, deleted."""

from typing import Any

from werkzeug.wrappers import Response

from emulator.control.org_documents import find_org, record_json
from emulator.control.system import SYSTEM, reject
from emulator.org import ids
from emulator.org.org import Org
from emulator.org.records import Record
from emulator.org.refusals import Refused
from emulator.state.world import World
from emulator.web.answers import answer, refuse
from emulator.web.call import Call

RECORDS = "/orgs/<org_id>/records/<object_name>"


@SYSTEM.route(RECORDS)
def list_records(call: Call, org_id: str, object_name: str) -> Response:
    """List an object's records; `deleted=true` shows those in the recycle bin too."""
    org = find_org(call, org_id)
    if org.describe(object_name) is None:
        reject(404, f"no such object: {object_name}")
    all_of_them = call.flag("deleted")
    found = [each for each in org.query(object_name) if all_of_them or not each.deleted]
    return answer({"count": len(found), "records": [record_json(each) for each in found]})


@SYSTEM.route(RECORDS, "POST")
def create_records(call: Call, org_id: str, object_name: str) -> Response:
    """Create a record from an object of values, or several from a list of them."""
    body = call.any_json()
    rows = body if isinstance(body, list) else [body]
    made = create_all(call.world, find_org(call, org_id), {object_name: rows})
    shown = [record_json(each) for each in made]
    return answer(shown if isinstance(body, list) else shown[0], 201)


@SYSTEM.route(f"{RECORDS}/<record_id>", "GET", "PATCH", "DELETE")
def one_record(call: Call, org_id: str, object_name: str, record_id: str) -> Response:
    """Show, change or delete a record."""
    org, now = find_org(call, org_id), call.world.clock.now()
    record_id = ids.canonical(record_id) or record_id
    try:
        if call.request.method == "PATCH":
            org.update(object_name, record_id, call.json(), now)
        if call.request.method == "DELETE":
            org.delete(object_name, record_id, now)
    except Refused as refused:
        return _refusal(refused)
    record = org.get(object_name, record_id)
    return answer(record_json(record)) if record else answer({"message": "no such record"}, 404)


def create_all(world: World, org: Org, records: dict[str, list[dict[str, Any]]]) -> list[Record]:
    """Create records by object name; answers 400 when the org refuses one."""
    try:
        return [
            org.create(object_name, values, world.clock.now())
            for object_name, rows in records.items()
            for values in rows
        ]
    except Refused as refused:
        refuse(_refusal(refused))


def _refusal(refused: Refused) -> Response:
    return answer({"code": refused.code, "message": refused.message}, 400)
