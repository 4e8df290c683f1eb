"""/control: how tests and people steer the emulator. JSON in, JSON out; no token is asked.

Documented for users in docs/emulator.md.
"""

import json
import re
from dataclasses import asdict
from typing import Any, NoReturn

from werkzeug.wrappers import Response

from emulator import ids
from emulator.catalog import new_org, objects_of, without_package
from emulator.entities import Connection, Grant, Mapping
from emulator.grants import revoke
from emulator.identity import instance_url
from emulator.org import Field, Org, Record, Refused, Rule, User, iso
from emulator.state import World
from emulator.web import Call, System, answer, refuse

ENVIRONMENTS = ("production", "sandbox", "custom")


def _failed(status: int, description: str) -> Response:
    return answer({"message": description}, status)


SYSTEM = System("control", _failed)


def _reject(status: int, message: str) -> NoReturn:
    refuse(answer({"message": message}, status))


# -- the whole -----------------------------------------------------------------------------------


@SYSTEM.route("/reset", "POST")
def reset(call: Call) -> Response:
    """Empty everything, the tenants' schemas included, and set the behaviour back."""
    call.world.reset()
    return answer({})


@SYSTEM.route("/clock", "GET", "POST")
def clock(call: Call) -> Response:
    """Show the time; POST {advance: seconds} lets time pass, and everything due happen."""
    world = call.world
    if call.request.method == "POST":
        seconds = call.json().get("advance")
        if not isinstance(seconds, (int, float)) or seconds < 0:
            _reject(400, "advance is a number of seconds")
        world.clock.advance(float(seconds))
        call.engine.tick()
        world.save_clock()
    return answer(
        {
            "now": iso(world.clock.now()),
            "seconds": world.clock.seconds,
            "speed": world.clock.speed,
        }
    )


@SYSTEM.route("/behaviour", "GET", "POST")
def behaviour(call: Call) -> Response:
    """Show the switches; POST changes those that are named."""
    if call.request.method == "POST":
        call.world.behaviour.change(call.json())
        call.world.save_behaviour()
    return answer(asdict(call.world.behaviour))


@SYSTEM.route("/sync", "POST")
def sync(call: Call) -> Response:
    """Do a whole round now: what is due, and a poll both ways for every healthy connection."""
    call.engine.sync()
    return connections(call)


@SYSTEM.route("/calls")
def calls(call: Call) -> Response:
    """Show the log of calls, oldest first; `system` and `path` (a regex) narrow it."""
    system, path = call.request.args.get("system"), call.request.args.get("path", "")
    found = [
        each
        for each in list(call.world.calls)
        if system in (None, each["system"]) and re.search(path, each["path"])
    ]
    return answer({"count": len(found), "calls": found})


@SYSTEM.route("/calls", "DELETE")
def clear_calls(call: Call) -> Response:
    """Empty the log of calls."""
    call.world.calls.clear()
    return Response(status=204)


# -- faults --------------------------------------------------------------------------------------


@SYSTEM.route("/faults")
def faults(call: Call) -> Response:
    """List the faults in force."""
    return answer({"faults": call.world.faults.list()})


@SYSTEM.route("/faults", "POST")
def add_fault(call: Call) -> Response:
    """Put a fault in force."""
    return answer(asdict(call.world.faults.add(call.json())), 201)


@SYSTEM.route("/faults", "DELETE")
def clear_faults(call: Call) -> Response:
    """Remove every fault."""
    call.world.faults.clear()
    return Response(status=204)


# -- connections ---------------------------------------------------------------------------------


@SYSTEM.route("/connections")
def connections(call: Call) -> Response:
    """List every connection with its mappings, linked or not."""
    world = call.world
    call.engine.settle_addons()
    for each in world.all(Connection):
        call.engine.settle(each)
    found = [connection_json(world, each) for each in world.all(Connection)]
    return answer({"count": len(found), "connections": found})


def connection_json(world: World, connection: Connection) -> dict[str, Any]:
    """What the emulator knows of a connection."""
    addon = world.addons[connection.addon_id]
    return {
        "id": connection.id,
        "resource_name": addon.name,
        "plan": addon.plan,
        "linked": addon.linked,
        "state": connection.state,
        "schema_name": connection.schema_name,
        "organization_id": connection.organization_id,
        "merged_writes": connection.merged_writes,
        "agenda": [{"at": each["at"], "step": each["step"]} for each in connection.agenda],
        "mappings": [
            {
                "id": each.id,
                "object_name": each.object_name,
                "state": each.state,
                "counts": each.counts,
            }
            for each in world.mappings_of(connection)
        ],
    }


@SYSTEM.route("/connections/<connection_id>/state", "POST")
def set_state(call: Call, connection_id: str) -> Response:
    """Force a state on a connection, or with `object_name` on one of its mappings."""
    world = call.world
    body = call.json()
    if not isinstance(body.get("state"), str) or not body["state"]:
        _reject(400, "state is a text")
    with world.hold(connection_id):
        connection = world.connections.get(connection_id)
        if connection is None:
            _reject(404, "no such connection")
        if "object_name" in body:
            mapping = _mapping(world, connection, str(body["object_name"]))
            mapping.state = body["state"]
            world.put(mapping)
        else:
            connection.state = body["state"]
            world.put(connection)
        return answer(connection_json(world, connection))


def _mapping(world: World, connection: Connection, object_name: str) -> Mapping:
    found = world.mappings_of(connection)
    mapping = next((m for m in found if m.object_name.lower() == object_name.lower()), None)
    if mapping is None:
        _reject(404, "no such mapping")
    return mapping


# -- orgs ----------------------------------------------------------------------------------------


@SYSTEM.route("/orgs")
def orgs(call: Call) -> Response:
    """List the orgs."""
    found = [org_json(call, each) for each in list(call.world.orgs.values())]
    return answer({"count": len(found), "orgs": found})


@SYSTEM.route("/orgs", "POST")
def create_org(call: Call) -> Response:
    """Make an org with its administrator, and records when some are given."""
    world = call.world
    body = call.json()
    given = str(body.get("org_id") or world.new_org_id())
    org_id = ids.canonical(given)
    if org_id is None or not org_id.startswith("00D"):
        _reject(400, f"not an org id: {given}")
    environment = body.get("environment", "production")
    if environment not in ENVIRONMENTS:
        _reject(400, f"environment is one of {', '.join(ENVIRONMENTS)}")
    with world.lock:
        if org_id in world.orgs:
            _reject(409, f"org {org_id} is there already")
        org = new_org(
            org_id,
            str(body.get("name") or "Example Org"),
            environment=environment,
            my_domain=str(body.get("my_domain") or "").lower(),
            namespace=str(body.get("namespace") or ""),
            package_installed=bool(body.get("package_installed", True)),
            admin_email=str(body.get("admin_email") or "admin@example.com"),
        )
        org.users += [_user(org, number, each) for number, each in enumerate(body.get("users", []))]
        world.add_org(org)
    _create_all(world, org, body.get("records", {}))
    return answer(org_json(call, org), 201)


def _user(org: Org, number: int, given: dict[str, Any]) -> User:
    """A further user of a new org; `username` is enough."""
    username = str(given["username"])
    return User(
        ids.make("005" + org.id[6:12], number + 1),
        username,
        str(given.get("email", username)),
        str(given.get("first_name", "Uma")),
        str(given.get("last_name", "User")),
        bool(given.get("view_all_data", True)),
    )


def _create_all(world: World, org: Org, records: dict[str, list[dict[str, Any]]]) -> list[Record]:
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


@SYSTEM.route("/orgs/<org_id>")
def show_org(call: Call, org_id: str) -> Response:
    """Show an org."""
    return answer(org_json(call, _org(call, org_id)))


@SYSTEM.route("/orgs/<org_id>/uninstall", "POST")
def uninstall(call: Call, org_id: str) -> Response:
    """Uninstall the package: its objects, fields and records are gone."""
    org = _org(call, org_id)
    with org.lock:
        org.package_installed = False
        org.set_objects(without_package(org.objects.values(), org.namespace))
    call.world.save_org(org)
    return answer(org_json(call, org))


@SYSTEM.route("/orgs/<org_id>/install", "POST")
def install(call: Call, org_id: str) -> Response:
    """Install the package (again)."""
    org = _org(call, org_id)
    with org.lock:
        org.package_installed = True
        org.set_objects(objects_of(org.namespace, package_installed=True))
    call.world.save_org(org)
    return answer(org_json(call, org))


@SYSTEM.route("/orgs/<org_id>/revoke", "POST")
def revoke_grants(call: Call, org_id: str) -> Response:
    """Revoke what users of the org granted, Heroku Connect's own access included."""
    org, world = _org(call, org_id), call.world
    for each in world.all(Grant):
        if each.org_id == org.id:
            revoke(world, each)
    return answer(org_json(call, org))


@SYSTEM.route("/orgs/<org_id>/rules", "POST", "DELETE")
def rules(call: Call, org_id: str) -> Response:
    """Refuse writes that match {object_name, field, pattern, message, code?}; DELETE ends that."""
    org = _org(call, org_id)
    if call.request.method == "DELETE":
        org.rules.clear()
    else:
        try:
            org.rules.append(Rule(**call.json()))
        except TypeError as error:
            _reject(400, f"not a rule: {error}")
    call.world.save_org(org)
    return answer(org_json(call, org))


@SYSTEM.route("/orgs/<org_id>/fields/<object_name>", "POST")
def add_field(call: Call, org_id: str, object_name: str) -> Response:
    """Add or replace a field {name, type, length?, required?, unique?, external_id?, …}."""
    try:
        field = Field(**call.json())
    except TypeError as error:
        raise ValueError(f"not a field: {error}") from None
    return _change_fields(call, org_id, object_name, field.name, (field,))


@SYSTEM.route("/orgs/<org_id>/fields/<object_name>/<name>", "DELETE")
def remove_field(call: Call, org_id: str, object_name: str, name: str) -> Response:
    """Remove a field from the org, as an administrator would."""
    return _change_fields(call, org_id, object_name, name, ())


def _change_fields(
    call: Call, org_id: str, object_name: str, gone: str, added: tuple[Field, ...]
) -> Response:
    org = _org(call, org_id)
    with org.lock:
        if org.describe(object_name) is None:
            _reject(404, f"no such object: {object_name}")
        org.change_fields(object_name, gone, added)
    call.world.save_org(org)
    return answer(org_json(call, org))


def org_json(call: Call, org: Org) -> dict[str, Any]:
    """Show an org, its users and how many records it has."""
    return {
        "id": org.id,
        "name": org.name,
        "environment": org.environment,
        "my_domain": org.my_domain,
        "instance_url": instance_url(call.base, org),
        "namespace": org.namespace,
        "package_installed": org.package_installed,
        "users": [asdict(each) for each in org.users],
        "rules": [asdict(each) for each in org.rules],
        "records": {each.name: org.count(each.name) for each in org.objects.values()},
    }


def _org(call: Call, org_id: str) -> Org:
    org = call.world.orgs.get(ids.canonical(org_id) or "")
    if org is None:
        _reject(404, "no such org")
    return org


# -- records -------------------------------------------------------------------------------------

RECORDS = "/orgs/<org_id>/records/<object_name>"


@SYSTEM.route(RECORDS)
def list_records(call: Call, org_id: str, object_name: str) -> Response:
    """List an object's records; `deleted=true` shows those in the recycle bin too."""
    org = _org(call, org_id)
    if org.describe(object_name) is None:
        _reject(404, f"no such object: {object_name}")
    all_of_them = call.request.args.get("deleted") == "true"
    found = [each for each in org.query(object_name) if all_of_them or not each.deleted]
    return answer({"count": len(found), "records": [record_json(each) for each in found]})


@SYSTEM.route(RECORDS, "POST")
def create_records(call: Call, org_id: str, object_name: str) -> Response:
    """Create a record from an object of values, or several from a list of them."""
    body = json.loads(call.request.get_data())
    rows = body if isinstance(body, list) else [body]
    made = _create_all(call.world, _org(call, org_id), {object_name: rows})
    shown = [record_json(each) for each in made]
    return answer(shown if isinstance(body, list) else shown[0], 201)


@SYSTEM.route(f"{RECORDS}/<record_id>", "GET", "PATCH", "DELETE")
def one_record(call: Call, org_id: str, object_name: str, record_id: str) -> Response:
    """Show, change or delete a record."""
    org, now = _org(call, org_id), call.world.clock.now()
    record_id = ids.canonical(record_id) or record_id
    try:
        if call.request.method == "PATCH":
            org.update(object_name, record_id, call.json(), now)
        if call.request.method == "DELETE":
            org.delete(object_name, record_id, now)
    except Refused as refused:
        return _refusal(refused)
    record = org.get(object_name, record_id)
    return answer(record_json(record)) if record else _failed(404, "no such record")


def record_json(record: Record) -> dict[str, Any]:
    """Show a record with its standard fields."""
    return {
        "Id": record.id,
        "CreatedDate": iso(record.created_at),
        "SystemModstamp": iso(record.modified_at),
        "IsDeleted": record.deleted,
        **record.values,
    }
