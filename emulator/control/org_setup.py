"""/control/orgs/<id>: its package, Heroku Connect's app, its fields and its validation rules."""

from typing import Any

from werkzeug.wrappers import Response

from emulator.control.org_documents import find_org, org_json
from emulator.control.system import SYSTEM, reject
from emulator.org.installed import objects_of, without_package
from emulator.org.objects import Field, SObject
from emulator.org.org import Org
from emulator.org.packages import PACKAGES
from emulator.org.refusals import ValidationRule
from emulator.state.world import World
from emulator.web.answers import answer
from emulator.web.call import Call


@SYSTEM.route("/orgs/<org_id>/uninstall", "POST")
def uninstall(call: Call, org_id: str) -> Response:
    """Uninstall the package: its objects, fields and records are gone."""
    org = find_org(call, org_id)
    uninstall_package(call.world, org)
    return answer(org_json(call, org))


def uninstall_package(world: World, org: Org) -> None:
    """Remove what the package brought to an org."""
    with org.lock:
        org.package_installed = False
        package = PACKAGES[org.package]()
        org.set_objects(without_package(org.objects.values(), org.namespace, package))
    world.save_org(org)


@SYSTEM.route("/orgs/<org_id>/install", "POST")
def install(call: Call, org_id: str) -> Response:
    """Install the package (again)."""
    org = find_org(call, org_id)
    install_package(call.world, org)
    return answer(org_json(call, org))


def install_package(world: World, org: Org) -> None:
    """Give an org what the package brings."""
    with org.lock:
        org.package_installed = True
        org.set_objects(objects_of(org.namespace, PACKAGES[org.package]()))
    world.save_org(org)


@SYSTEM.route("/orgs/<org_id>/connect-app", "POST", "DELETE")
def connect_app(call: Call, org_id: str) -> Response:
    """Install Heroku Connect's own connected app in the org; DELETE uninstalls it."""
    org = find_org(call, org_id)
    org.connect_app_installed = call.request.method == "POST"
    call.world.save_org(org)
    return answer(org_json(call, org))


@SYSTEM.route("/orgs/<org_id>/rules", "POST", "DELETE")
def rules(call: Call, org_id: str) -> Response:
    """Add a validation rule {object_name, field, pattern, message, code?}; DELETE removes all."""
    org = find_org(call, org_id)
    if call.request.method == "DELETE":
        org.rules.clear()
    else:
        try:
            org.rules.append(ValidationRule(**call.json()))
        except TypeError as error:
            reject(400, f"not a rule: {error}")
    call.world.save_org(org)
    return answer(org_json(call, org))


@SYSTEM.route("/orgs/<org_id>/objects", "POST")
def add_object(call: Call, org_id: str) -> Response:
    """Add or replace object types {objects: [{name, fields: [{name, type, …}], key_prefix?}]}.

    They have the fields that are given and no others, system fields included.
    """
    org = find_org(call, org_id)
    try:
        added = {each["name"].lower(): _object(each) for each in call.json()["objects"]}
    except (KeyError, TypeError) as error:
        reject(400, f"not an object: {error}")
    with org.lock:
        org.set_objects({**org.objects, **added}.values())
    call.world.save_org(org)
    return answer(org_json(call, org))


def _object(given: dict[str, Any]) -> SObject:
    return SObject(**{**given, "fields": tuple(Field(**each) for each in given["fields"])})


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
    org = find_org(call, org_id)
    with org.lock:
        if org.describe(object_name) is None:
            reject(404, f"no such object: {object_name}")
        org.change_fields(object_name, gone, added)
    call.world.save_org(org)
    return answer(org_json(call, org))
