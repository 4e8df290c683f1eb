"""/control/orgs: makes, shows and changes emulated orgs and their records."""

from dataclasses import asdict
from typing import Any

from werkzeug.wrappers import Response

from emulator.control.control import SYSTEM, reject
from emulator.org import ids
from emulator.org.installed import objects_of, without_package
from emulator.org.new_org import new_org
from emulator.org.objects import Field
from emulator.org.org import Org, User
from emulator.org.packages import PACKAGES
from emulator.org.records import Record
from emulator.org.refusals import Refused, ValidationRule
from emulator.salesforce.grants import revoke
from emulator.salesforce.identity import instance_url
from emulator.state.entities import Grant
from emulator.state.world import World
from emulator.times import iso
from emulator.web.web import Call, answer, refuse

ENVIRONMENTS = ("production", "sandbox", "custom")


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
        reject(400, f"not an org id: {given}")
    environment = body.get("environment", "production")
    if environment not in ENVIRONMENTS:
        reject(400, f"environment is one of {', '.join(ENVIRONMENTS)}")
    package = str(body.get("package") or "current")
    if package not in PACKAGES:
        reject(400, f"package is one of {', '.join(PACKAGES)}")
    with world.lock:
        if org_id in world.orgs:
            reject(409, f"org {org_id} is there already")
        org = new_org(
            org_id,
            str(body.get("name") or "Example Org"),
            environment=environment,
            my_domain=str(body.get("my_domain") or "").lower(),
            namespace=str(body.get("namespace") or ""),
            package_installed=bool(body.get("package_installed", True)),
            package=package,
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
        package = PACKAGES[org.package]()
        org.set_objects(without_package(org.objects.values(), org.namespace, package))
    call.world.save_org(org)
    return answer(org_json(call, org))


@SYSTEM.route("/orgs/<org_id>/install", "POST")
def install(call: Call, org_id: str) -> Response:
    """Install the package (again)."""
    org = _org(call, org_id)
    with org.lock:
        org.package_installed = True
        org.set_objects(objects_of(org.namespace, PACKAGES[org.package]()))
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
            org.rules.append(ValidationRule(**call.json()))
        except TypeError as error:
            reject(400, f"not a rule: {error}")
    call.world.save_org(org)
    return answer(org_json(call, org))


@SYSTEM.route("/orgs/<org_id>/fields/<object_name>", "POST")
def add_field(call: Call, org_id: str, object_name: str) -> Response:
    """Add or replace a field {name, type, length?, required?, unique?, external_id?, …}."""
    try:
        field = Field(**call.json())
    except TypeError as error:
        reject(400, f"not a field: {error}")
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
            reject(404, f"no such object: {object_name}")
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
        "package": org.package,
        "users": [asdict(each) for each in org.users],
        "rules": [asdict(each) for each in org.rules],
        "records": {each.name: org.count(each.name) for each in org.objects.values()},
    }


def _org(call: Call, org_id: str) -> Org:
    org = call.world.orgs.get(ids.canonical(org_id) or "")
    if org is None:
        reject(404, "no such org")
    return org


# -- records -------------------------------------------------------------------------------------

RECORDS = "/orgs/<org_id>/records/<object_name>"


@SYSTEM.route(RECORDS)
def list_records(call: Call, org_id: str, object_name: str) -> Response:
    """List an object's records; `deleted=true` shows those in the recycle bin too."""
    org = _org(call, org_id)
    if org.describe(object_name) is None:
        reject(404, f"no such object: {object_name}")
    all_of_them = call.request.args.get("deleted") == "true"
    found = [each for each in org.query(object_name) if all_of_them or not each.deleted]
    return answer({"count": len(found), "records": [record_json(each) for each in found]})


@SYSTEM.route(RECORDS, "POST")
def create_records(call: Call, org_id: str, object_name: str) -> Response:
    """Create a record from an object of values, or several from a list of them."""
    body = call.any_json()
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
    return answer(record_json(record)) if record else answer({"message": "no such record"}, 404)


def record_json(record: Record) -> dict[str, Any]:
    """Show a record with its standard fields."""
    return {
        "Id": record.id,
        "CreatedDate": iso(record.created_at),
        "SystemModstamp": iso(record.modified_at),
        "IsDeleted": record.deleted,
        **record.values,
    }
